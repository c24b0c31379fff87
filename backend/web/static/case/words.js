// The page's sentences, in the language of whoever looks at it.

export const words = JSON.parse(document.getElementById("case").dataset.words);

export function say(name, values = {}) {
  const sentence = words[name] ?? name;
  return sentence.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export function make(tag, options = {}, ...children) {
  const { dataset = {}, ...rest } = options;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, dataset);
  made.append(...children);
  return made;
}
