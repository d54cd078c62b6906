import {start as startAlarm} from './alarm.js';
import {start as startClock} from './clock.js';
import {start as startForms} from './form.js';
import {start as startHead} from './head.js';
import {start as startItems} from './items.js';
import {start as startKeys} from './keys.js';
import {start as startPoll} from './poll.js';
import {start as startSearch} from './search.js';

startForms();
startAlarm();
startClock();
startHead();
startItems();
startKeys();
startSearch();
startPoll();
