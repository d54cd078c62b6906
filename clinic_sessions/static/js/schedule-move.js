import {swap} from './swap.js';

/* The dialog that asks why and whether to tell; what the server refuses is shown in it, with the form that it answered. */
let whenDone = null;
let chosen = null;

const dialog = () => document.getElementById('move-dialog');

function post(form) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', form.action);
    request.responseType = 'document';
    request.timeout = 15_000;
    request.onload = () => resolve({status: request.status, page: request.response});
    request.onerror = () => reject(new Error('no connection'));
    request.ontimeout = () => reject(new Error('no answer in time'));
    request.send(new URLSearchParams(new FormData(form)));
  });
}

function said(text) {
  const line = dialog().querySelector('[data-move-said]');
  line.textContent = text;
  line.hidden = !text;
}

export function show(wanted, done) {
  const own = dialog().querySelector('template').content.querySelector('form');
  const form = document.importNode(own, true);
  form.action = wanted.action;
  form.elements.csrf_token.value = document.querySelector('input[name=csrf_token]').value;
  for (const name of ['slot', 'version', 'patient']) form.elements[name].value = wanted[name];
  dialog().querySelector('h2').textContent = `Move ${wanted.name}`;
  dialog().querySelector('[data-move-to]').textContent = `To ${wanted.to}`;
  dialog().querySelector('[data-move-was]').textContent = `from ${wanted.was}`;
  dialog().querySelector('[data-move-form]').replaceChildren(form);
  said('');
  whenDone = done;
  chosen = wanted;
  dialog().showModal();
  form.querySelector('input[type=checkbox]')?.focus();
}

function focusOn(summary) {
  summary?.focus();
  summary?.scrollIntoView({block: 'nearest'});
}

/* Something is missing: what is said of it is put over the form, which keeps the time that was chosen. */
function showErrors(form, page) {
  const summary = page?.querySelector('.error-summary');
  if (!summary) return false;
  form.querySelector('.error-summary')?.remove();
  form.prepend(document.importNode(summary, true));
  focusOn(form.querySelector('.error-summary'));
  return true;
}

/* The time that was refused can be asked for again where a rule may be lifted by name. */
function keepChosen(form) {
  const chips = form.querySelector('.slot-chips');
  if (!chips || !form.querySelector('input[name=lift]') || form.querySelector('input[name=slot]:checked')) return;
  const chip = document.createElement('div');
  const input = document.createElement('input');
  const label = document.createElement('label');
  chip.className = 'choice slot-chip';
  Object.assign(input, {type: 'radio', name: 'slot', id: 'slot-chosen', value: chosen.slot, checked: true});
  label.htmlFor = input.id;
  label.textContent = `${chosen.to}, as you chose`;
  chip.append(input, label);
  chips.prepend(chip);
}

function showRefusal(page) {
  const answered = page?.querySelector('main form[action*="/move"]');
  if (!answered) return false;
  const form = document.importNode(answered, true);
  dialog().querySelector('[data-move-form]').replaceChildren(form);
  if (chosen) keepChosen(form);
  else for (const line of dialog().querySelectorAll('[data-move-to], [data-move-was]')) line.textContent = '';
  if (!dialog().open) dialog().showModal();
  focusOn(form.querySelector('.error-summary'));
  return true;
}

function showToast(page) {
  const toast = page.querySelector('.messages-top .toast');
  const top = document.querySelector('.messages-top');
  top.querySelectorAll('.toast').forEach((old) => old.remove());
  if (toast) top.append(document.importNode(toast, true));
}

async function finish(page) {
  dialog().close();
  showToast(page);
  await swap(document.getElementById('day-page').dataset.pollUrl, '#day-page');
}

async function send(event) {
  const form = event.target;
  const undo = form.matches('.messages-top .toast form');
  if (!undo && !dialog()?.contains(form) || form.method === 'dialog') return;
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = 'yes';
  try {
    const answer = await post(form);
    const {status, page} = answer;
    if (status === 200) await finish(page);
    else if (!(status === 422 && showErrors(form, page)) && !(status === 409 && showRefusal(page))) location.assign(form.action.replace(/\/[^/]*$/, ''));
  } catch {
    if (dialog().open) said('No connection: nothing was moved. Try again.');
  }
  delete form.dataset.sending;
}

function leave(event) {
  if (!event.target.closest('#move-dialog .form-actions a')) return;
  event.preventDefault();
  dialog().close();
}

if (dialog()) {
  document.addEventListener('submit', send, {capture: true});
  dialog().addEventListener('click', leave);
  dialog().addEventListener('close', () => {
    whenDone?.();
    whenDone = chosen = null;
  });
}
