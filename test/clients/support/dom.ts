import { Window } from 'happy-dom';

/**
 * Importing this module first makes a document for React. Everything else, such as `fetch`, stays that of Node.js, because the
 * gateway runs in the same process.
 */
const window = new Window({ url: 'http://app.test/' });
const { document, HTMLElement, HTMLIFrameElement, MutationObserver, navigator, Node } = window;
const globals = { window, document, HTMLElement, HTMLIFrameElement, MutationObserver, navigator, Node };
for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value });
