/** Characters kept on the page; beyond it the oldest pieces go. */
const MOST_CHARACTERS = 2_000_000;
/** Closer to the bottom than this, the view follows what comes. */
const FOLLOW_WITHIN_PX = 40;

export type OutputView = { append(text: string): void; clear(): void };

/** Puts text into the box piece by piece, without drawing again what is there; follows the end unless scrolled away. */
export function createOutputView(box: () => HTMLElement | null): OutputView {
  let characters = 0;
  return {
    append(text) {
      const place = box();
      if (place === null) return;
      const follows = place.scrollHeight - place.scrollTop - place.clientHeight < FOLLOW_WITHIN_PX;
      place.append(withoutColours(text));
      characters += text.length;
      while (characters > MOST_CHARACTERS && place.childNodes.length > 1) {
        characters -= place.firstChild?.textContent?.length ?? 0;
        place.firstChild?.remove();
      }
      if (follows) place.scrollTop = place.scrollHeight;
    },
    clear() {
      box()?.replaceChildren();
      characters = 0;
    },
  };
}

/** Escape sequences of terminals: colours and cursor moves, which nix writes even into files when it is told to. */
function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
  return text.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replaceAll('\r\n', '\n');
}
