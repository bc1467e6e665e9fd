const observed = new WeakSet<Element>();

/** Scrolls the tabs, now and after each change, so that the active one is visible: GraphiQL leaves a new one out of view. */
export function keepActiveTabVisible(): void {
  const tabs = document.querySelector('.graphiql-tabs');
  if (tabs === null || observed.has(tabs)) return;
  observed.add(tabs);
  new MutationObserver(scroll).observe(tabs, { subtree: true, childList: true, attributeFilter: ['class'] });
  scroll();
}

function scroll(): void {
  document.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
