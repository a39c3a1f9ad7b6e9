// Writing into the cells of the notebook around a view: only over text that is what it was when it ran.
import { ran } from "./codeline";
import { codesIn } from "./notebook";
import type { Hunk } from "./protocol";

/** `changed`: the text is another one by now; `gone`: there is no cell to write to. Then nothing was changed. */
export type Outcome = "applied" | "changed" | "gone";

interface Doc { lines: number; line(n: number): { from: number; to: number; text: string } }
interface Change { from: number; to: number; insert: string }
/** What is used of CodeMirror 6's EditorView; a change that is dispatched is one step of the editor's own undo. */
interface Editor { state: { doc: Doc; readOnly?: boolean }; dispatch(transaction: { changes: Change[]; userEvent: string }): void }

/** Whether every cell that a change means has an editor on this page. `running`: what the cell around the view is called. */
export const canApply = (root: HTMLElement, running: string | undefined, hunks: Hunk[]): boolean => hunks.length > 0 && cellsOf(hunks).every((cell) => editorOf(root, running, cell) !== null);

/** Write a change into its cells: all of it, or nothing. */
export function applyHunks(root: HTMLElement, running: string | undefined, hunks: Hunk[]): Outcome {
  const writes: [Editor, Change[]][] = [];
  for (const cell of cellsOf(hunks)) {
    const editor = editorOf(root, running, cell);
    if (editor === null) return "gone";
    const changes = changesOf(editor.state.doc, hunks.filter((hunk) => hunk.cell === cell));
    if (changes === null) return "changed";
    writes.push([editor, changes]);
  }
  for (const [editor, changes] of writes) editor.dispatch({ changes, userEvent: "input.complete" });
  return writes.length > 0 ? "applied" : "gone";
}

const cellsOf = (hunks: Hunk[]): string[] => [...new Set(hunks.map(({ cell }) => cell))];

/** What to replace in a text; null where its lines are others. They may stand elsewhere, if that is one place only. */
export function changesOf(doc: Doc, hunks: Hunk[]): Change[] | null {
  const shift = shiftOf(doc, hunks);
  return shift === null ? null : hunks.map(({ line, rows }) => {
    const old = rows.filter(([sign]) => sign !== "+").length;
    const insert = rows.filter(([sign]) => sign !== "-").map(([, text]) => text).join("\n");
    return { from: doc.line(line + shift).from, to: doc.line(line + shift + old - 1).to, insert };
  });
}

function shiftOf(doc: Doc, hunks: Hunk[]): number | null {
  const fits = (shift: number): boolean => hunks.every(({ line, rows }) => {
    const old = rows.filter(([sign]) => sign !== "+");
    const from = line + shift;
    return old.length > 0 && from >= 1 && from + old.length - 1 <= doc.lines && old.every(([, text], i) => doc.line(from + i).text === text);
  });
  if (fits(0)) return 0;
  const places: number[] = [];
  for (let shift = 1 - hunks[0].line; shift <= doc.lines - hunks[0].line && places.length < 2; shift++) if (fits(shift)) places.push(shift);
  return places.length === 1 ? places[0] : null;
}

/** The editor of the cell that ran as `label`, found from its element as CodeMirror keeps it; null where the page has none. */
function editorOf(root: HTMLElement, running: string | undefined, label: string): Editor | null {
  if (!label.startsWith("[")) return null;
  for (const code of codesIn(root)) if (ran(code, root, running) === label) return held(code.cell.querySelector(".cm-content"));
  return null;
}

interface Held { view?: unknown; root?: Held; rootView?: Held }

function held(content: Element | null): Editor | null {
  const { cmTile } = (content ?? {}) as { cmTile?: Held };
  const old = cmTile ? undefined : (content as { cmView?: Held } | null)?.cmView; // before CodeMirror 6.39; later JupyterLab warns of it
  const views = [cmTile?.root?.view, cmTile?.view, old?.view, old?.rootView?.view] as (Editor | undefined)[];
  return views.find((view) => typeof view?.dispatch === "function" && typeof view.state?.doc?.line === "function" && view.state.readOnly !== true) ?? null;
}
