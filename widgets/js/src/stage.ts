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

/** A region `label` inside `el`, with class `gb name`; `draw` is called in an animation frame after `schedule()`, a change of theme or size. */
export function createStage(el: HTMLElement, name: string, label: string, draw: () => void): Stage {
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
  const ends = [ownKeys(root), watchTheme(recolour), () => size.disconnect()];
  return {
    root,
    schedule,
    dress: (theme, off = false) => dress(root, theme, off),
    toggleFullScreen: () => toggleFullScreen(root, schedule),
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

/** Full screen where the page may, else over the whole page. */
function toggleFullScreen(root: HTMLElement, changed: () => void): void {
  const cover = (): void => {
    root.classList.toggle("full");
    changed();
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
