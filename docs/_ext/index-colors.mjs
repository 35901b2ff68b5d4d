// Gives the letters of the indices in a formula, laid out by KaTeX, the class of their color. The
// boxes stay as they are, and so does the source that is copied: a class is all that is added.

const LETTER = "mathnormal";
const PRIMES = /^[′\u200b]+$/; // KaTeX keeps the height of a line with an empty space

const text = ({ text: own = "", children = [] }) => own + children.map(text).join("");
const script = ({ classes = [] }) => classes.includes("msupsub");

// The letter of an index is one alone; in a prime it keeps company with its primes.
const letter = ({ classes = [], children = [], text: own }) => {
  if (own !== undefined) return classes.includes(LETTER) ? own : undefined;
  const [base, primes, ...more] = children;
  const primed = primes && script(primes) && PRIMES.test(text(primes)) && !more.length;
  return primed ? letter(base) : undefined;
};

export const colorIndices = (box, classes) => {
  if (box.classes?.includes("katex-mathml")) return;
  const name = classes[letter(box)];
  if (name) box.classes.push(name);
  else for (const child of box.children ?? []) colorIndices(child, classes);
};
