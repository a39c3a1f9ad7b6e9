// Copying.
import { setText } from "./dom";

/** Text into the clipboard; the button says how it went. */
export function copyText(text: string, button: HTMLElement): void {
  const done = (word: string): void => {
    setText(button, word);
    setTimeout(() => setText(button, "Copy"), 1500);
  };
  if (!navigator.clipboard) return done("Select it");
  navigator.clipboard.writeText(text).then(() => done("Copied"), () => done("Select it"));
}
