import { mount } from 'svelte';
import App from './App.svelte';
import { connect } from './api.ts';
import './styles/app.css';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html holds no #app to mount in');
mount(App, { target, props: { connection: connect() } });
