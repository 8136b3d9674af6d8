import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import '../../pages/charts.css';
import { BookHome } from './home.ts';
import { correctSearchRoles } from './search-roles.ts';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => {
    app.component('BookHome', BookHome);
    if (typeof document !== 'undefined') correctSearchRoles(); // not while the pages are rendered
  },
} satisfies Theme;
