// The ground that every view stands on: its root, styles, theme, one animation frame, keys kept from the notebook, full screen.
import { h, icon } from "./dom";
import { adoptStyles } from "./styles";
import { refreshInks, themeOf, watchTheme } from "./theme";

export interface Stage {
  readonly root: HTMLElement;
  /** Draw in the next animation frame; many calls are one drawing. */
  schedule(): void;
  /** Theme and connection as attributes; whoever draws on a canvas reads its colours anew. Call it at the start of each drawing. */
  dress(theme: string, off?: boolean): void;
  toggleFullScreen(): void;
  remove(): void;
}

/**
 * A region `label` inside `el`, with class `gb name`; `draw` is called in an animation frame after `schedule()`, a change of theme or size.
 * `shared`: it has the keys that most views share, below what a view makes of a key itself.
 */
export function createStage(el: HTMLElement, name: string, label: string, draw: () => void, shared = false): Stage {
  const root = h("section", { class: `gb ${name}`, role: "region", "aria-label": label });
  el.append(root);
  let frame = 0;
  const schedule = (): void => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      adoptStyles(root);
      draw();
    });
  };
  const recolour = (): void => {
    refreshInks(root);
    schedule();
  };
  const size = new ResizeObserver(schedule);
  size.observe(root);
  const toggle = (): void => toggleFullScreen(root, schedule);
  const ends = [ownKeys(root), watchTheme(recolour), () => size.disconnect(), leaveCover(root, toggle), shared ? sharedKeys(el, root, toggle) : () => undefined];
  return {
    root,
    schedule,
    dress: (theme, off = false) => dress(root, theme, off),
    toggleFullScreen: toggle,
    remove() {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
      root.remove();
    },
  };
}

function dress(root: HTMLElement, wish: string, off: boolean): void {
  const { theme, own } = themeOf(root, wish);
  if (root.dataset.gbTheme === theme && root.hasAttribute("data-gb-own") === own && root.classList.contains("off") === off) return;
  root.dataset.gbTheme = theme;
  root.toggleAttribute("data-gb-own", own);
  root.classList.toggle("off", off);
  refreshInks(root);
}

/**
 * JupyterLab takes plain keys in command mode (`0 0` restarts the kernel) before they reach us, but leaves alone a focused element
 * that itself has this attribute. Save, run and the like stay JupyterLab's. The window hears a key before JupyterLab's document does.
 */
function ownKeys(root: HTMLElement): () => void {
  const hear = (event: KeyboardEvent): void => {
    const { target } = event;
    if (!(target instanceof Element) || !root.contains(target)) return;
    const theirs = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
    target.toggleAttribute("data-lm-suppress-shortcuts", !theirs);
  };
  window.addEventListener("keydown", hear, true);
  return () => window.removeEventListener("keydown", hear, true);
}

/** `F` for full screen and `/` for the search field. Heard around the root, so that whatever is in the root comes first. */
function sharedKeys(el: HTMLElement, root: HTMLElement, toggle: () => void): () => void {
  const hear = (event: KeyboardEvent): void => {
    const { target, key } = event;
    const typing = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "range");
    if (event.defaultPrevented || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "f" || key === "F") toggle();
    else if (key === "/") [...root.querySelectorAll<HTMLInputElement>("input[type=search]")].find((field) => !field.closest("[hidden]"))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  el.addEventListener("keydown", hear);
  return () => el.removeEventListener("keydown", hear);
}

/** Escape takes a view that covers the page back, as the browser does with one on the full screen: wherever the focus is. */
function leaveCover(root: HTMLElement, toggle: () => void): () => void {
  const hear = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !event.defaultPrevented && root.classList.contains("full")) toggle();
  };
  document.addEventListener("keydown", hear);
  return () => document.removeEventListener("keydown", hear);
}

/** Full screen where the page may, else over the whole page; the event that tells of it is the same. */
function toggleFullScreen(root: HTMLElement, changed: () => void): void {
  const cover = (): void => {
    root.classList.toggle("full");
    changed();
    root.dispatchEvent(new Event("fullscreenchange", { bubbles: true }));
  };
  if (root.classList.contains("full")) cover();
  else if (document.fullscreenElement === root) void document.exitFullscreen();
  else if (document.fullscreenEnabled && root.requestFullscreen) root.requestFullscreen().catch(cover);
  else cover();
}

export const isFull = (root: HTMLElement): boolean => document.fullscreenElement === root || root.classList.contains("full");

export function fullScreenButton(toggle: () => void): HTMLElement {
  return h("button", { class: "btn i", type: "button", "aria-label": "Full screen", title: "Full screen (F)", onclick: toggle }, icon(14, "M2 5V2h3M9 2h3v3M12 9v3H9M5 12H2V9"));
}
