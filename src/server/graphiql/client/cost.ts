import { property } from './json.ts';

/** How long after a change the cost is estimated, so that this happens once the user stops typing. */
const TYPING_PAUSE_MS = 300;

/** What is in the editors: texts, and the name of the operation that the run button executes. Null for nothing. */
export interface EditedOperation {
  query: string | null;
  variables: string | null;
  headers: string | null;
  operationName: string | null;
}

export interface Cost {
  /** Estimates the cost of what is in the editors first. GraphiQL reports only what changes. */
  start: (operation: EditedOperation) => void;
  /** Estimates the cost of what is in the editors now, unless it has not changed. */
  update: (operation: EditedOperation) => void;
  /** Estimates the cost again if none is shown, or not yet: what prevents it may have passed. */
  retry: () => void;
}

/**
 * Shows beside the run button what the operation in the editors costs at most, in upstream requests. `estimate` resolves with the result
 * of the operation's dry run; null if there is none.
 */
export function createCost(estimate: (operation: EditedOperation) => Promise<unknown>): Cost {
  const element = document.createElement('p');
  element.className = 'cost';
  element.role = 'status';
  let current: EditedOperation | null = null;
  let timer: number | undefined;

  function schedule(operation: EditedOperation): void {
    window.clearTimeout(timer);
    current = operation;
    // What is shown until then is the cost of an earlier text.
    element.ariaBusy = 'true';
    timer = window.setTimeout(() => {
      const show = (result: unknown): void => {
        // The text has changed in the meantime.
        if (current === operation) showCost(element, result);
      };
      estimate(operation).then(show, () => show(null));
    }, TYPING_PAUSE_MS);
  }

  return {
    start(operation) {
      if (current === null) schedule(operation);
    },
    update(operation) {
      if (current === null || !isSame(operation, current)) schedule(operation);
    },
    retry() {
      const isPending = element.ariaBusy === 'true';
      if (current !== null && (element.textContent === '' || isPending)) schedule(current);
    },
  };
}

function isSame(left: EditedOperation, right: EditedOperation): boolean {
  return (['query', 'variables', 'headers', 'operationName'] as const).every((name) => left[name] === right[name]);
}

/** Shows nothing if the document is invalid or the gateway refuses to estimate its cost. */
function showCost(element: HTMLElement, result: unknown): void {
  const requests = property(property(property(result, 'extensions'), 'cost'), 'requested');
  element.ariaBusy = 'false';
  if (typeof requests !== 'number') {
    element.replaceChildren();
    return;
  }
  const unit = requests === 1 ? 'request' : 'requests';
  const count = document.createElement('strong');
  count.textContent = requests.toLocaleString('en');
  element.replaceChildren(count, ` ${unit}`);
  element.title = `Running this operation sends at most ${count.textContent} upstream ${unit}.`;
  element.ariaLabel = `Cost: at most ${count.textContent} upstream ${unit}`;
  // GraphiQL offers no place in its toolbar through the package that serves it. Its own buttons stay before an element at the end.
  if (!element.isConnected) document.querySelector('.graphiql-toolbar')?.append(element);
}
