const html = document.documentElement;

/* XMLHttpRequest parses the answer itself, so nothing here needs a Trusted Types policy. */
export function fetchPage(url, {timeout = 6000, headers = {}} = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', url);
    request.responseType = 'document';
    request.timeout = timeout;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.onload = () => resolve({
      status: request.status,
      page: request.status === 200 ? request.response : null,
      moved: new URL(request.responseURL || url, location.href).pathname !== new URL(url, location.href).pathname,
    });
    request.onerror = () => reject(new Error('no connection'));
    request.ontimeout = () => reject(new Error('no answer in time'));
    request.send();
  });
}

export function replaceFrom(page, selector) {
  const fresh = page.querySelector(selector);
  const old = document.querySelector(selector);
  if (!fresh || !old) return null;
  const focused = old.contains(document.activeElement) ? place(document.activeElement) : null;
  const time = page.documentElement.dataset.now;
  if (time) html.dataset.now = time;
  const node = document.importNode(fresh, true);
  for (const open of old.querySelectorAll('details.fold[id][open]')) node.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute('open', '');
  node.classList.add('is-fresh');
  old.replaceWith(node);
  if (focused) document.querySelector(focused)?.focus({preventScroll: true});
  document.dispatchEvent(new CustomEvent('swapped', {detail: {node, time}}));
  return node;
}

function place(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute('href');
  return href ? `a[href="${CSS.escape(href)}"]` : null;
}

export async function swap(url, selector) {
  const answer = await fetchPage(url);
  return answer.page && !answer.moved ? replaceFrom(answer.page, selector) : null;
}
