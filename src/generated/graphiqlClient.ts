export const clientScript = `(function() {
	// src/server/graphiql/client/globals.ts
	/** Returns the element of the page with this id. */
	function elementOf(id) {
		const element = document.querySelector(\`#\${id}\`);
		if (element === null) throw new Error(\`The page lacks #\${id}.\`);
		return element;
	}
	// src/server/graphiql/client/json.ts
	/** Returns null for what is not JSON. */
	function parse(json) {
		try {
			return JSON.parse(json ?? "null");
		} catch {
			return null;
		}
	}
	/** Returns undefined for what is not an object. */
	function property(value, name) {
		return typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : void 0;
	}
	// src/server/graphiql/client/budget.ts
	/** Needs no upstream request. */
	const BUDGET_QUERY = "query GraphiqlBudget { upstreamBudget { limit remaining resetsAt } }";
	/** Shows, from the result of \`BUDGET_QUERY\`, how much of the upstream request budget is left; nothing if the caller may not know. */
	function showBudget(result) {
		const budget = property(property(result, "data"), "upstreamBudget");
		const [limit, remaining, resetsAt] = [
			"limit",
			"remaining",
			"resetsAt"
		].map((name) => property(budget, name));
		const isKnown = typeof limit === "number" && typeof remaining === "number" && typeof resetsAt === "string";
		const element = elementOf("budget");
		element.textContent = isKnown ? \`\${format(remaining)} of \${format(limit)} upstream requests left\` : "";
		element.title = isKnown ? \`The full budget is available again at \${new Date(resetsAt).toLocaleTimeString()}.\` : "";
	}
	/** Shows a message instead of the budget. */
	function replaceBudget(message) {
		const element = elementOf("budget");
		element.textContent = message;
		element.title = "";
	}
	function format(count) {
		return count.toLocaleString("en");
	}
	// src/server/graphiql/client/credential.ts
	/** A header as the page prefills it, or empty. */
	const BLANK = /^\\s*(Bearer)?\\s*$/i;
	function createCredential({ credentialHeaders }) {
		let accepted = null;
		const find = (headers) => {
			for (const name of credentialHeaders) {
				const value = headers.get(name) ?? "";
				if (!BLANK.test(value)) return [name, value];
			}
			return null;
		};
		const add = (headers) => {
			if (accepted === null) return;
			for (const name of credentialHeaders) headers.delete(name);
			headers.set(...accepted);
		};
		return {
			complete(headers) {
				if (find(headers) === null && credentialHeaders.some((name) => headers.has(name))) add(headers);
			},
			add,
			accept(headers) {
				accepted = find(headers) ?? accepted;
			},
			isBlank: (headers) => find(headers) === null,
			isKnown: () => accepted !== null
		};
	}
	/** Returns the headers in the text of the headers editor; none if the text is not an object of valid headers. */
	function headersIn(text) {
		const headers = parse(text);
		try {
			return new Headers(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
		} catch {
			return new Headers();
		}
	}
	// src/server/graphiql/client/credentialCheck.ts
	/** How long after a change of the headers their credential is checked, so that this happens once the user stops typing. */
	const TYPING_PAUSE_MS$1 = 600;
	/**
	* Returns a listener for the text of the headers editor. It calls \`check\` with the headers after the user has changed them, unless they
	* lack a credential or were the last to be checked.
	*/
	function createCredentialCheck({ isBlank }, check) {
		let checked = null;
		let timer;
		return (headersText) => {
			window.clearTimeout(timer);
			const headers = headersIn(headersText);
			if (isBlank(headers)) return;
			timer = window.setTimeout(() => {
				const entries = JSON.stringify([...headers]);
				if (entries === checked) return;
				checked = entries;
				check(headers);
			}, TYPING_PAUSE_MS$1);
		};
	}
	// src/server/graphiql/client/notice.ts
	/** A line above GraphiQL that says what to do. */
	function createNotice(id) {
		const element = elementOf(id);
		const text = element.querySelector("p");
		const hide = () => {
			element.hidden = true;
		};
		element.querySelector("button")?.addEventListener("click", hide);
		return {
			show(message) {
				if (text !== null) text.textContent = message;
				element.hidden = false;
			},
			hide
		};
	}
	// src/server/graphiql/client/operation.ts
	/**
	* Returns the operation that a link names, in its fragment or its query; null if it names none. Nothing else of a link is used: a link
	* cannot set headers, and an operation runs only when the user runs it.
	*/
	function operationInLink({ hash, search }) {
		const parameters = [hash.slice(1), search].map((text) => new URLSearchParams(text)).find((each) => each.has("query"));
		const query = parameters?.get("query") ?? "";
		return query === "" ? null : {
			query,
			variables: parameters?.get("variables") ?? ""
		};
	}
	/** Returns a link that opens GraphiQL with the operation. It is in the fragment, which browsers do not send to servers and proxies. */
	function linkTo({ query, variables }, { origin, pathname }) {
		return \`\${origin}\${pathname}#\${new URLSearchParams({
			query,
			...variables.trim() !== "" && { variables }
		})}\`;
	}
	/** Returns the operation in GraphiQL's editors. */
	function operationInEditors() {
		return {
			query: textOf$1("operation.graphql"),
			variables: textOf$1("variables.json")
		};
	}
	/** Returns the text of GraphiQL's headers editor. */
	function headersInEditor() {
		return textOf$1("request-headers.json");
	}
	/** Empties the response pane whenever GraphiQL has filled it with an unwanted text. */
	function emptyResponseIf(isUnwanted) {
		monaco.editor.onDidCreateModel((model) => {
			if (!model.uri.path.endsWith("response.json")) return;
			model.onDidChangeContent(() => {
				if (isUnwanted(model.getValue())) model.setValue("");
			});
		});
	}
	function textOf$1(fileName) {
		return monaco.editor.getModels().find(({ uri }) => uri.path.endsWith(fileName))?.getValue() ?? "";
	}
	// src/server/graphiql/client/requests.ts
	/** What the page says if a request fails without a response. */
	const NO_ANSWER = "The gateway does not answer.";
	/** Observes the requests that GraphiQL sends: it offers no other way to do so and to keep its own fetcher. Returns the original \`fetch\`. */
	function observeRequests({ prepare, onResponse }) {
		const send = window.fetch.bind(window);
		window.fetch = async (input, init = {}) => {
			const headers = new Headers(init.headers);
			const isIntrospection = typeof init.body === "string" && init.body.includes("IntrospectionQuery");
			prepare({
				headers,
				isIntrospection
			});
			const response = await send(input, {
				...init,
				headers
			}).catch(explainFailure);
			const { status } = response;
			readResult(response).then((result) => onResponse({
				headers,
				isIntrospection,
				status,
				result
			}), () => {});
			return response;
		};
		return send;
	}
	/** GraphiQL would show the whole request if the gateway cannot be reached: it gets a result instead. */
	function explainFailure(error) {
		if (!(error instanceof TypeError)) throw error;
		return Response.json({ errors: [{ message: NO_ANSWER }] }, { status: 503 });
	}
	/** Returns the result in a response; null for a stream and for what is not JSON. */
	async function readResult(response) {
		return /json/.test(response.headers.get("content-type") ?? "") ? parse(await response.clone().text()) : null;
	}
	/** The first error of a result with this code; null if there is none. */
	function errorMessage(result, code) {
		const errors = property(result, "errors");
		if (!Array.isArray(errors)) return null;
		const message = property(errors.find((each) => property(property(each, "extensions"), "code") === code), "message");
		return typeof message === "string" ? message : null;
	}
	// src/server/graphiql/client/cost.ts
	/** How long after a change the cost is estimated, so that this happens once the user stops typing. */
	const TYPING_PAUSE_MS = 300;
	/**
	* Shows beside the run button what the operation in the editors costs at most, in upstream requests. \`estimate\` resolves with the result
	* of the operation's dry run; null if there is none.
	*/
	function createCost(estimate) {
		const element = document.createElement("p");
		element.className = "cost";
		element.role = "status";
		let current = null;
		let timer;
		function schedule(operation) {
			window.clearTimeout(timer);
			current = operation;
			element.ariaBusy = "true";
			timer = window.setTimeout(() => {
				const show = (result) => {
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
				const isPending = element.ariaBusy === "true";
				if (current !== null && (element.textContent === "" || isPending)) schedule(current);
			}
		};
	}
	function isSame(left, right) {
		return [
			"query",
			"variables",
			"headers",
			"operationName"
		].every((name) => left[name] === right[name]);
	}
	/** Shows nothing if the document is invalid or the gateway refuses to estimate its cost. */
	function showCost(element, result) {
		const requests = property(property(property(result, "extensions"), "cost"), "requested");
		element.ariaBusy = "false";
		if (typeof requests !== "number") {
			element.replaceChildren();
			return;
		}
		const unit = requests === 1 ? "request" : "requests";
		const count = document.createElement("strong");
		count.textContent = requests.toLocaleString("en");
		element.replaceChildren(count, \` \${unit}\`);
		element.title = \`Running this operation sends at most \${count.textContent} upstream \${unit}.\`;
		element.ariaLabel = \`Cost: at most \${count.textContent} upstream \${unit}\`;
		if (!element.isConnected) document.querySelector(".graphiql-toolbar")?.append(element);
	}
	// src/server/graphiql/client/schemaLoader.ts
	/** Fetches the schema again after GraphiQL could not: GraphiQL itself tries once. */
	function createSchemaLoader() {
		let isMissing = false;
		return {
			setMissing(value) {
				isMissing = value;
			},
			retry() {
				if (!isMissing) return;
				isMissing = false;
				document.querySelector("button[aria-label^=\\"Re-fetch GraphQL schema\\"]")?.click();
			}
		};
	}
	// src/server/graphiql/client/settings.ts
	/** Reads what the server has written into the page. */
	function readSettings() {
		const settings = JSON.parse(elementOf("settings").textContent);
		if (!isSettings(settings)) throw new Error("The settings of the page are missing.");
		return settings;
	}
	function isSettings(value) {
		return Array.isArray(property(value, "tabs")) && typeof property(value, "workers") === "object";
	}
	// src/server/graphiql/client/tabStrip.ts
	const observed = /* @__PURE__ */ new WeakSet();
	/** Scrolls the tabs, now and after each change, so that the active one is visible: GraphiQL leaves a new one out of view. */
	function keepActiveTabVisible() {
		const tabs = document.querySelector(".graphiql-tabs");
		if (tabs === null || observed.has(tabs)) return;
		observed.add(tabs);
		new MutationObserver(scroll).observe(tabs, {
			subtree: true,
			childList: true,
			attributeFilter: ["class"]
		});
		scroll();
	}
	function scroll() {
		document.querySelector(".graphiql-tab-active")?.scrollIntoView({
			block: "nearest",
			inline: "nearest"
		});
	}
	// src/server/graphiql/client/storedTabs.ts
	/** GraphiQL's keys in the browser's storage. */
	const TABS = "graphiql:tabState";
	const HEADERS = "graphiql:headers";
	/** Decides which tab GraphiQL opens first: the one of a link, or else the one that was open at the last visit, or else the first example. */
	function chooseTab(storage, examples, linked) {
		const stored = activeTab(storage.getItem(TABS));
		const defaultTabs = linked === null ? examples : [linked, ...examples];
		const { query, variables } = linked ?? stored ?? defaultTabs[0] ?? {
			query: "",
			variables: ""
		};
		return {
			defaultTabs,
			initialQuery: query,
			initialVariables: variables
		};
	}
	function activeTab(json) {
		const state = parse(json);
		const index = property(state, "activeTabIndex");
		const tabs = property(state, "tabs");
		if (!Array.isArray(tabs) || typeof index !== "number") return null;
		const tab = tabs[index];
		return {
			query: textOf(property(tab, "query")),
			variables: textOf(property(tab, "variables"))
		};
	}
	/** Removes the headers that earlier versions of the page have stored: they may contain credentials. */
	function removeStoredHeaders(storage) {
		storage.removeItem(HEADERS);
		const tabs = storage.getItem(TABS);
		if (tabs === null) return;
		const clean = JSON.stringify(parse(tabs), (key, value) => key === "headers" ? null : value);
		storage.setItem(TABS, clean);
	}
	function textOf(value) {
		return typeof value === "string" ? value : "";
	}
	// src/server/graphiql/client/main.ts
	const settings = readSettings();
	/** How long the button confirms that the link was copied. */
	const CONFIRMATION_MS = 2e3;
	Object.assign(window, { MonacoEnvironment: {
		globalAPI: true,
		getWorkerUrl: (_module, name) => settings.workers[name]
	} });
	document.addEventListener("DOMContentLoaded", start);
	function start() {
		const credentialNotice = createNotice("credential-notice");
		const credential = createCredential(settings);
		const schemaLoader = createSchemaLoader();
		let hasRun = false;
		const send = observeRequests({
			prepare({ headers, isIntrospection }) {
				hasRun ||= !isIntrospection;
				credential.complete(headers);
			},
			onResponse
		});
		const cost = createCost(estimate);
		const linked = operationInLink(window.location);
		removeStoredHeaders(window.localStorage);
		const isNarrow = window.matchMedia("(width < 800px)").matches;
		monaco.editor.onDidCreateEditor((editor) => {
			editor.updateOptions({
				wordWrap: "on",
				lineNumbers: isNarrow ? "off" : "on"
			});
			keepActiveTabVisible();
			if (settings.showsCost) window.setTimeout(startCost);
		});
		emptyResponseIf((text) => !hasRun && errorMessage(parse(text), "UNAUTHENTICATED") !== null);
		YogaGraphiQL.renderYogaGraphiQL(elementOf("root"), {
			title: "",
			...chooseTab(window.localStorage, settings.tabs, linked),
			defaultHeaders: settings.headers,
			shouldPersistHeaders: false,
			defaultEditorToolsVisibility: settings.credential === null ? !isNarrow && "variables" : "headers",
			onEditQuery: () => {},
			onEditHeaders: settings.credential === null ? () => {} : createCredentialCheck(credential, (headers) => void checkCredential(headers)),
			onTabChange({ tabs, activeTabIndex }) {
				const tab = tabs[activeTabIndex];
				if (tab !== void 0 && settings.showsCost) cost.update(tab);
			}
		});
		if (linked !== null) {
			createNotice("link-notice").show("This operation comes from a link. Read it before you run it.");
			window.history.replaceState(null, "", window.location.pathname);
		}
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden) refreshBudget();
		});
		elementOf("copy-link").addEventListener("click", () => void copyLink());
		refreshBudget();
		function onResponse({ headers, isIntrospection, status, result }) {
			if (isIntrospection) schemaLoader.setMissing(status === 401 || status >= 500);
			const problem = errorMessage(result, "UNAUTHENTICATED");
			if (problem !== null) {
				credentialNotice.show(explainCredential(credential.isBlank(headers) ? null : problem));
				return;
			}
			if (result !== null && status < 500) {
				credential.accept(headers);
				credentialNotice.hide();
				cost.retry();
			}
			if (!isIntrospection) schemaLoader.retry();
			refreshBudget();
		}
		async function requestBudget(headers) {
			headers.set("content-type", "application/json");
			const body = JSON.stringify({ query: BUDGET_QUERY });
			return send(window.location.pathname, {
				method: "POST",
				headers,
				body
			}).then(async (response) => ({
				status: response.status,
				result: await readResult(response)
			})).catch(() => null);
		}
		/** Checks the credential that the user has entered. The query for the budget needs no upstream request. */
		async function checkCredential(headers) {
			const received = await requestBudget(headers);
			if (received !== null) onResponse({
				headers,
				isIntrospection: false,
				...received
			});
		}
		async function refreshBudget() {
			if (settings.credential !== null && !credential.isKnown()) return;
			const headers = new Headers();
			credential.add(headers);
			const received = await requestBudget(headers);
			if (received === null) replaceBudget(NO_ANSWER);
			else showBudget(received.result);
		}
		function startCost() {
			cost.start({
				...operationInEditors(),
				headers: headersInEditor(),
				operationName: null
			});
		}
		/** Resolves with the result of a dry run; null if the gateway would reject it anyway. Sends no upstream request. */
		async function estimate({ query, variables, headers: text, operationName }) {
			const headers = headersIn(text ?? "");
			credential.complete(headers);
			if (settings.credential !== null && credential.isBlank(headers)) return null;
			headers.set("content-type", "application/json");
			headers.set("x-cost", "estimate");
			const body = JSON.stringify({
				query,
				operationName,
				variables: parse(variables)
			});
			const response = await send(window.location.pathname, {
				method: "POST",
				headers,
				body
			});
			const result = await readResult(response);
			if (result !== null && response.status < 500 && errorMessage(result, "UNAUTHENTICATED") === null) credential.accept(headers);
			return result;
		}
		async function copyLink() {
			const operation = operationInEditors();
			if (operation.query.trim() === "") return confirm("Nothing to copy");
			const link = linkTo(operation, window.location);
			const isCopied = "clipboard" in navigator && await navigator.clipboard.writeText(link).then(() => true, () => false);
			if (!isCopied) window.history.replaceState(null, "", link);
			confirm(isCopied ? "Link copied" : "Link is in the address bar");
		}
		function confirm(message) {
			const button = elementOf("copy-link");
			button.textContent = message;
			window.setTimeout(() => {
				button.textContent = "Copy link";
			}, CONFIRMATION_MS);
		}
	}
	/** \`problem\` is what is wrong with the credential; null if the user has entered none. */
	function explainCredential(problem) {
		const credential = settings.credential ?? "credential";
		const alternative = settings.credentialHeaders.includes("x-api-key") ? \`enter "x-api-key": "<\${credential}>", or \` : "";
		return \`\${problem ?? \`This gateway needs your \${credential}.\`} Open Headers below the query and \${alternative}complete "authorization": "Bearer <\${credential}>". The schema then loads by itself. Other tabs use the same \${credential}; the browser does not store it.\`;
	}
})();
`;
export const clientStyles = `:root {
  color-scheme: light dark;
}

/* The theme that the user has chosen in GraphiQL. */
:root:has(.graphiql-light) {
  color-scheme: light;
}

:root:has(.graphiql-dark) {
  color-scheme: dark;
}

body {
  display: flex;
  flex-direction: column;
  height: 100dvh;
  margin: 0;
  background: light-dark(#fff, #212a3b);
  color: light-dark(#3b4b68, #e2e5ec);
}

#root {
  flex: 1;
  position: relative;
  min-height: 0;
  overflow: hidden;
}

#root .graphiql-container {
  height: 100%;
}

/* The status line has the title, and the place for a logo is needed for tabs. */
.graphiql-logo {
  display: none;
}

.status,
.notice {
  display: flex;
  align-items: center;
  gap: 4px 20px;
  padding: 6px 16px;
  font:
    14px/1.4 Roboto,
    system-ui,
    sans-serif;
}

.status {
  flex-wrap: wrap;
  background: light-dark(#f3f4f7, #1a2130);
}

.status h1,
.status p,
.notice p {
  margin: 0;
  font-size: inherit;
}

.status #copy-link {
  margin-left: auto;
}

.status button,
.notice button {
  min-height: 32px;
  padding: 0 12px;
  border: 1px solid light-dark(#c2c9d6, #4b5a75);
  border-radius: 4px;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}

.notice[hidden] {
  display: none;
}

.notice {
  justify-content: space-between;
  background: light-dark(#e6eefc, #22375c);
}

#credential-notice {
  background: light-dark(#fff1d6, #54410f);
}

/* While the mouse button is down, a leftover transform of GraphiQL's animation moves the tab away from the pointer: no click happens. */
.graphiql-tab {
  transform: none !important;
}

/* The cost of the operation, below the run button and above the other buttons, whatever their order in the document. */
.graphiql-toolbar > .graphiql-execute-button {
  order: -2;
}

.cost {
  order: -1;
  margin: 0;
  color: light-dark(#3b4b68, #e2e5ec);
  font-size: 12px;
  line-height: 1.3;
  text-align: center;
}

.cost strong {
  display: block;
  font-size: 14px;
}

.cost:empty {
  display: none;
}

.cost[aria-busy='true'] {
  opacity: 0.5;
}

.graphiql-toolbar:has(.cost:not(:empty)) {
  align-items: center;
  width: auto !important;
}

@media (width < 800px) {
  .status,
  .notice {
    gap: 2px 12px;
    padding: 4px 8px;
    font-size: 13px;
  }

  .status h1 {
    display: none;
  }

  /* GraphiQL reserves horizontal panning for dragging a tab: no finger could scroll to the last one. */
  .graphiql-tab {
    touch-action: pan-x !important;
  }

  /* The sidebar becomes a row below the panes. */
  #root .graphiql-container .graphiql-container {
    flex-direction: column-reverse;
  }

  .graphiql-sidebar {
    flex-direction: row !important;
    width: auto !important;
    padding: 0 8px !important;
  }

  .graphiql-sidebar > button {
    margin: 0 !important;
  }

  .graphiql-main {
    position: relative;
    min-height: 0;
    overflow: hidden;
  }

  .graphiql-sessions {
    margin: 0 4px !important;
  }

  /* The documentation and the explorer cover the panes. When they are hidden, GraphiQL sets left to -1000px. */
  .graphiql-plugin {
    position: absolute !important;
    inset: 0;
    z-index: 10;
    width: 100%;
    max-width: none !important;
    background: light-dark(#fff, #212a3b);
  }

  /* The response is below the query instead of beside it. */
  #graphiql-session {
    flex-direction: column;
    min-height: 0;
  }

  .graphiql-editors,
  .graphiql-response {
    flex: 2 1 0 !important;
    min-height: 0;
    overflow: hidden;
  }

  .graphiql-editors {
    flex-grow: 3 !important;
  }

  .graphiql-query-editor {
    min-height: 0;
  }

  /* Four lines. */
  .graphiql-editor-tool {
    min-height: 90px;
    padding: 4px 8px !important;
  }

  .graphiql-horizontal-drag-bar {
    display: none;
  }

  .graphiql-dialog-section {
    flex-wrap: wrap;
    gap: 8px;
  }
}
`;
