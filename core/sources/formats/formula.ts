import { isElement, rawText, type XmlElement, type XmlNode } from '../xml.ts';

const collapse = (text: string): string => text.replace(/\s+/g, ' ').trim();
/** In parentheses where it is more than one number or word. */
const grouped = (text: string): string => (/^[\p{L}\p{N}.,]*$/u.test(text) ? text : `(${text})`);

/** MathML as a line of text: `a/b`, `x^2`, `√(x)`. Presentation markup only (MathML 3, chapter 3). */
export function mathText(part: XmlNode): string {
  if (!isElement(part)) return collapse(part);
  const parts = () => part.children.map(mathText).filter((part) => part !== '');
  switch (part.name) {
    case 'annotation':
    case 'annotation-xml':
    case 'mphantom':
      return '';
    case 'mfrac': {
      const [above = '', below = ''] = parts();
      return `${grouped(above)}/${grouped(below)}`;
    }
    case 'msup': {
      const [base = '', raised = ''] = parts();
      return `${base}^${grouped(raised)}`;
    }
    case 'msub': {
      const [base = '', lowered = ''] = parts();
      return `${base}${lowered}`;
    }
    case 'msubsup':
    case 'munderover': {
      const [base = '', lowered = '', raised = ''] = parts();
      return `${base}${lowered}${raised === '' ? '' : `^${grouped(raised)}`}`;
    }
    case 'msqrt':
      return `√(${parts().join('')})`;
    case 'mroot': {
      const [base = '', index = ''] = parts();
      return `(${base})^(1/${grouped(index)})`;
    }
    case 'mfenced':
      return `${part.attributes.open ?? '('}${parts().join(', ')}${part.attributes.close ?? ')'}`;
    case 'mtr':
    case 'mtd':
    case 'mtext':
      return ` ${parts().join(' ')} `;
    case 'mspace':
      return ' ';
    case 'mo': {
      const operator = parts().join('');
      return /^[=<>≤≥±≈×+−–∼~→]$/.test(operator) ? ` ${operator} ` : operator.replace(/[\u2061-\u2064]/g, '');
    }
    default:
      return parts().join('');
  }
}

const COMMANDS: Readonly<Record<string, string>> = {
  times: '×',
  cdot: '·',
  pm: '±',
  mp: '∓',
  le: '≤',
  leq: '≤',
  leqslant: '≤',
  ge: '≥',
  geq: '≥',
  geqslant: '≥',
  lt: '<',
  gt: '>',
  ne: '≠',
  neq: '≠',
  approx: '≈',
  sim: '~',
  equiv: '≡',
  to: '→',
  rightarrow: '→',
  leftarrow: '←',
  uparrow: '↑',
  downarrow: '↓',
  infty: '∞',
  degree: '°',
  circ: '°',
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  epsilon: 'ε',
  varepsilon: 'ε',
  zeta: 'ζ',
  eta: 'η',
  theta: 'θ',
  kappa: 'κ',
  lambda: 'λ',
  mu: 'μ',
  upmu: 'μ',
  nu: 'ν',
  xi: 'ξ',
  pi: 'π',
  rho: 'ρ',
  sigma: 'σ',
  tau: 'τ',
  phi: 'φ',
  varphi: 'φ',
  chi: 'χ',
  psi: 'ψ',
  omega: 'ω',
  Gamma: 'Γ',
  Delta: 'Δ',
  Theta: 'Θ',
  Lambda: 'Λ',
  Sigma: 'Σ',
  Phi: 'Φ',
  Psi: 'Ψ',
  Omega: 'Ω',
  sum: 'Σ',
  prod: 'Π',
  sqrt: '√',
  prime: '′',
  percent: '%',
};
const TEX_CHARS_MAX = 20_000;

/** TeX as a line of text. Its preamble and its commands of layout are left out. */
export function texText(tex: string): string {
  const document = /\\begin\{document\}([\s\S]*?)(?:\\end\{document\}|$)/.exec(tex.slice(0, TEX_CHARS_MAX));
  let text = (document?.[1] ?? tex.slice(0, TEX_CHARS_MAX)).replace(/\$/g, ' ');
  // From the inside out; deeper nesting keeps its braces until they are dropped below.
  for (let round = 0; round < 4; round += 1)
    text = text
      .replace(/\\sqrt\s?\{([^{}]{0,500})\}/g, (_, under: string) => `√(${collapse(under)})`)
      .replace(
        /\\[dt]?frac\s?\{([^{}]{0,500})\}\s?\{([^{}]{0,500})\}/g,
        (_, above: string, below: string) => `${grouped(collapse(above))}/${grouped(collapse(below))}`,
      )
      .replace(
        /\\(?:mathrm|mathit|mathbf|mathsf|mathcal|text|textrm|textit|textbf|operatorname|hbox|mbox|boldsymbol|overline|bar|hat|left|right)\s?\{([^{}]{0,500})\}/g,
        '$1',
      );
  return collapse(
    text
      .replace(/\\(?:begin|end)\{[^{}]{0,40}\}/g, ' ')
      .replace(/\\([%$&#_{}])/g, '$1')
      .replace(/\\([A-Za-z]{1,30})/g, (_, name: string) => COMMANDS[name] ?? ' ')
      .replace(/\\[\\,;:!> ]/g, ' ')
      .replace(/\^\{([^{}]{0,200})\}/g, (_, raised: string) =>
        /^\s?°\s?$/.test(raised) ? '°' : `^${grouped(collapse(raised))}`,
      )
      .replace(/_\{([^{}]{0,200})\}/g, '$1')
      .replace(/[{}~\\]/g, ' ')
      .replace(/_(?=\w)/g, ''),
  );
}

const FORMS = ['math', 'tex-math', 'textual-form', 'inline-graphic', 'graphic'];

/** The text of a formula in whichever of its forms can be read best. */
export function formulaText(formula: XmlElement): string {
  if (formula.name === 'math') return mathText(formula);
  if (formula.name === 'tex-math') return texText(rawText(formula));
  const elements = formula.children.filter(isElement);
  const best = FORMS.map((name) => elements.find((child) => child.name === name)).find((child) => child !== undefined);
  if (best !== undefined) return best.name === 'textual-form' ? collapse(rawText(best)) : formulaText(best);
  const alternatives = elements.find((child) => child.name === 'alternatives');
  return alternatives === undefined ? collapse(rawText(formula)) : formulaText(alternatives);
}
