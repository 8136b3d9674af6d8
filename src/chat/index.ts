export { type ChatMessage, ChatTemplate, plainTemplate } from './chat-template.ts';
export { Conversation, type ConversationOptions } from './conversation.ts';
