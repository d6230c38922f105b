// What the pages need of CodeMirror, as one file: the global YAMLEditor.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: "k" },
  { tag: [tags.string, tags.content], class: "s" },
  { tag: [tags.number, tags.bool, tags.null], class: "n" },
  { tag: tags.comment, class: "c" },
]);

const mark = StateEffect.define();
const wrong = Decoration.line({ class: "hl" });
const marked = StateField.define({
  create: () => Decoration.none,
  update(lines, change) {
    for (const effect of change.effects) {
      if (!effect.is(mark)) continue;
      const number = effect.value;
      const known = number >= 1 && number <= change.state.doc.lines;
      return known ? Decoration.set([wrong.range(change.state.doc.line(number).from)]) : Decoration.none;
    }
    return lines.map(change.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Put an editor into an element; `changed` is called with the text after each change. */
export function open(parent, { text, label, changed }) {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), foldGutter(), history(), drawSelection(), bracketMatching(), highlightActiveLine(),
        highlightSelectionMatches(), yaml(), indentUnit.of("  "), syntaxHighlighting(colours), marked,
        // Tab indents; Escape and then Tab leaves, as in every CodeMirror.
        keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, indentWithTab]),
        // Without the tabindex, axe does not see that the area that scrolls can be reached by keys.
        EditorView.contentAttributes.of({ "aria-label": label, autocapitalize: "off", spellcheck: "false", tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    /** Show which line is wrong; 0 for none. */
    mark: (line) => view.dispatch({ effects: mark.of(line) }),
    replace: (content) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: content } }),
  };
}
