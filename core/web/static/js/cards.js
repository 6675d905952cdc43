// Card numbers that somebody typed where they do not belong: found here, so that they never leave the browser.
// The same rule as on the server (core/web/cards.py), which refuses what comes all the same.

const RUN = /(?<!\w)\d(?:[\s.\-/\u2010-\u2015]{0,2}\d)*(?!\w)/g;
const SHORTEST = 13;
const LONGEST = 19;

/** Whether a text holds 13 to 19 digits, in whole groups, that pass the check of ISO/IEC 7812. */
export function holdsCardNumber(text) {
  return [...text.normalize("NFKC").matchAll(RUN)].some(([run]) => candidates(run).some(isCard));
}

function candidates(run) {
  const groups = run.match(/\d+/g);
  return groups.flatMap((_, first) => groups.slice(first).map((_, more) => groups.slice(first, first + more + 1).join("")))
    .filter((digits) => digits.length >= SHORTEST && digits.length <= LONGEST);
}

function isCard(digits) {
  const sum = [...digits].reverse().reduce((total, char, place) => {
    const value = place % 2 ? Number(char) * 2 : Number(char);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return new Set(digits).size > 1 && sum % 10 === 0;
}
