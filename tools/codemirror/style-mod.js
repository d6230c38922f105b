// CodeMirror makes its styles while it runs, as <style> elements, which a content security policy without
// 'unsafe-inline' forbids. Sheets that a script constructs are allowed, and hold the same rules.
import { StyleModule as Module } from "./node_modules/style-mod/src/style-mod.js";

const sheets = new WeakMap(); // document or shadow root -> { sheet, modules }

export class StyleModule extends Module {
  static mount(root, modules) {
    const wanted = Array.isArray(modules) ? modules : [modules];
    let found = sheets.get(root);
    if (!found) {
      found = { sheet: new CSSStyleSheet(), modules: [] };
      sheets.set(root, found);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, found.sheet];
    }
    if (wanted.every((each) => found.modules.includes(each))) return;
    found.modules = [...wanted, ...found.modules.filter((each) => !wanted.includes(each))];
    found.sheet.replaceSync(found.modules.map((each) => each.getRules()).join("\n"));
  }
}
