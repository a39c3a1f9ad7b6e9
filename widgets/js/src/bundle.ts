// What the built module exports. Not `render`: anywidget takes a module that exports it for an old-style one and skips `initialize`.
export { default, mount } from "./main";
