import DefaultTheme from 'vitepress/theme';
import '../../pages/charts.css';
import './style.css';

export default DefaultTheme;
