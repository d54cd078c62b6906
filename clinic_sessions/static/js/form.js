const UNLOCK_MS = 8000;
let unsent = false;

function guard(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method === 'dialog') return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = 'yes';
  if ('once' in form.dataset) keepKey(form);
  unsent = false;
  const buttons = form.querySelectorAll('button:not([type=button])');
  /* After this turn, so that the pressed button's own name and value are still sent. */
  setTimeout(() => buttons.forEach((button) => { button.disabled = true; }));
  setTimeout(() => release(form), UNLOCK_MS);
}

/* Coming back to this address, the clinic knows the form and says what it has done, instead of offering the next. */
function keepKey(form) {
  const here = new URL(location.href);
  here.searchParams.set('form', form.elements.form_key.value);
  history.replaceState(history.state, '', here);
}

function release(form) {
  delete form.dataset.sending;
  form.querySelectorAll('button:not([type=button])').forEach((button) => { button.disabled = false; });
}

function toField(event) {
  const link = event.target.closest('.error-summary a[href^="#"]');
  const target = link && document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  const control = target.matches('input, select, textarea') ? target : target.querySelector('input, select, textarea');
  control?.focus();
  target.scrollIntoView({block: 'center'});
}

export function start() {
  document.querySelector('[data-focus]')?.focus();
  document.addEventListener('submit', guard);
  document.addEventListener('click', toField);
  document.addEventListener('input', (event) => {
    if (event.target.closest('form[method=post]') && event.target.matches('textarea, input[type=text]')) unsent = true;
  });
  /* What was tapped and not yet sent stays on the page: a newer picture of it waits. */
  document.addEventListener('change', (event) => {
    const form = event.target.closest('form[data-keep]');
    if (form) form.dataset.busy = '';
  });
  window.addEventListener('beforeunload', (event) => {
    if (unsent) event.preventDefault();
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) document.querySelectorAll('form[data-sending]').forEach(release);
  });
}
