import type { EditedOperation } from './cost.ts';

/** GraphiQL's tabs, with the texts of their editors. */
interface TabsState {
  tabs: readonly EditedOperation[];
  activeTabIndex: number;
}

/** GraphiQL's properties that this page sets: https://github.com/graphql/graphiql/tree/main/packages/graphiql#props */
interface GraphiqlProperties {
  title: string;
  defaultTabs: readonly object[];
  defaultHeaders: string;
  initialQuery: string;
  initialVariables: string;
  shouldPersistHeaders: boolean;
  defaultEditorToolsVisibility: boolean | 'variables' | 'headers';
  onEditQuery: () => void;
  onEditHeaders: (headers: string) => void;
  /** Called after each change of the active tab or of a text in it. */
  onTabChange: (state: TabsState) => void;
}

interface TextModel {
  uri: { path: string };
  getValue: () => string;
  setValue: (text: string) => void;
  onDidChangeContent: (listener: () => void) => void;
}

/** The parts of Monaco that this page uses: https://microsoft.github.io/monaco-editor/typedoc/modules/editor.html */
interface Monaco {
  editor: {
    getModels: () => readonly TextModel[];
    onDidCreateModel: (listener: (model: TextModel) => void) => void;
    onDidCreateEditor: (listener: (editor: { updateOptions: (options: object) => void }) => void) => void;
  };
}

declare global {
  /** Defined by `graphiql.js`. */
  const YogaGraphiQL: { renderYogaGraphiQL: (element: Element, properties: GraphiqlProperties) => void };
  /** Defined by `graphiql.js`, since `MonacoEnvironment.globalAPI` is set. */
  const monaco: Monaco;
}

/** Returns the element of the page with this id. */
export function elementOf(id: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(`#${id}`);
  if (element === null) throw new Error(`The page lacks #${id}.`);
  return element;
}
