import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import { h } from 'vue';
import '../../pages/charts.css';
import { BookHome } from './home.ts';
import { NotFound } from './not-found.ts';
import { correctSearchRoles } from './search-roles.ts';
import './style.css';

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': () => h(NotFound) }),
  enhanceApp: ({ app }) => {
    app.component('BookHome', BookHome);
    if (typeof document !== 'undefined') correctSearchRoles(); // not while the pages are rendered
  },
} satisfies Theme;
