//! The help of the commands that can be typed on a line, one constant each. A row of
//! `front::line::command` names its own; the words that are typed, and what follows them, are
//! the same in every language.
#![expect(missing_docs, reason = "each is the help of the command of its name")]

use super::Both;

pub const HELP: Both = Both { en: "this list", zh: "显示这个列表" };
pub const REGISTER: Both = Both {
    en: "a new account; with 0 as the ID you are given one",
    zh: "注册账号；ID 填 0 则由服务器分配",
};
pub const CODE: Both = Both {
    en: "your invitation code, before /register, where one is needed",
    zh: "邀请码；需要时在 /register 之前输入",
};
pub const LOGIN: Both = Both { en: "log in", zh: "登录" };
pub const MSG: Both = Both {
    en: "say it to one alone; a name with blanks in \"quotes\"",
    zh: "私聊；名字中有空格时请加 \"引号\"",
};
pub const WHO: Both = Both { en: "who is online", zh: "显示在线用户列表" };
pub const CREATE: Both = Both { en: "a new room; it is yours", zh: "新建房间，你是房主" };
pub const JOIN: Both = Both {
    en: "come into a room, and talk there from now on",
    zh: "进入房间，之后在那里说话",
};
pub const PART: Both = Both {
    en: "leave the room you talk in, or this one",
    zh: "退出当前房间或指定的房间",
};
pub const ROOMS: Both = Both { en: "which rooms there are", zh: "列出房间" };
pub const MEMBERS: Both = Both { en: "who is in the room", zh: "列出房间成员" };
pub const TOPIC: Both =
    Both { en: "what the room is about, or say what", zh: "查看或设置房间主题" };
pub const SEARCH: Both = Both {
    en: "what was said here with all these words, or before #ID; *: in all your rooms",
    zh: "在当前房间（#ID 之前）搜索含有这些字词的消息；* 表示所有房间",
};
pub const HISTORY: Both = Both {
    en: "the last N messages where you talk, 20 without a number, with their #ID",
    zh: "显示当前房间最近 N 条消息和编号，默认 20 条",
};
pub const SINCE: Both = Both {
    en: "what was said where you talk since then (UTC)",
    zh: "显示当前房间从该时间（UTC）以来的消息",
};
pub const INVITE: Both =
    Both { en: "let somebody into the room you talk in", zh: "邀请某人进入当前房间" };
pub const KICK: Both =
    Both { en: "put somebody out of the room you talk in", zh: "把某人请出当前房间" };
pub const ROLE: Both = Both {
    en: "make somebody something else in the room you talk in",
    zh: "更改某人在当前房间的身份",
};
pub const ACCESS: Both =
    Both { en: "who may come into the room you talk in", zh: "设置谁可以进入当前房间" };
pub const AWAY: Both = Both {
    en: "you are away; without a text: back",
    zh: "设为离开；不带文字则恢复在线",
};
pub const BUSY: Both = Both { en: "you are busy", zh: "设为忙碌" };
pub const BACK: Both = Both { en: "you are neither any more", zh: "恢复在线" };
pub const DEVICES: Both =
    Both { en: "the devices of your account", zh: "列出你的账号的设备" };
pub const LOGOUT: Both = Both {
    en: "log one of them out; - for all that have no name",
    zh: "让其中一台设备退出登录；- 表示所有没有名字的设备",
};
pub const CLOSE: Both = Both {
    en: "your room is no more, nor what was said in it; for good",
    zh: "永久关闭你的房间，其中的消息一并删除",
};
pub const BAN: Both = Both {
    en: "keep out an ID, a NAME, names like SPAM*, or an address, for 30m, 2h, 7d",
    zh: "封禁：id、名字、SPAM* 这样的名字或地址；可加时间 30m、2h、7d",
};
pub const UNBAN: Both = Both { en: "let them come in again", zh: "解除封禁" };
pub const MUTE: Both = Both { en: "have them say nothing", zh: "禁言" };
pub const UNMUTE: Both = Both { en: "let them speak again", zh: "解除禁言" };
pub const SLOW: Both = Both {
    en: "one message in so many seconds, for all or for one; 0 ends it",
    zh: "慢速模式：每人每隔若干秒一条消息；0 为关闭",
};
pub const BANS: Both =
    Both { en: "who is banned, muted or slowed", zh: "列出封禁、禁言和限速" };
pub const AUDIT: Both = Both {
    en: "what was done to keep order, for operators",
    zh: "管理记录（仅服务器管理员）",
};
pub const PENDING: Both = Both {
    en: "who asks for an account, for operators",
    zh: "账号申请列表（仅服务器管理员）",
};
pub const APPROVE: Both = Both { en: "let them have the account", zh: "批准申请" };
pub const REJECT: Both =
    Both { en: "do not; the id is free again", zh: "拒绝申请，id 可再被申请" };
pub const IGNORE: Both = Both {
    en: "nothing more from them to you; without a name: whom you ignore",
    zh: "屏蔽某人；不带名字则列出你屏蔽的人",
};
pub const UNIGNORE: Both = Both { en: "hear them again", zh: "解除屏蔽" };
pub const PASSWD: Both = Both { en: "change your password", zh: "更改密码" };
pub const EXPORT: Both = Both {
    en: "what is yours, in a file: by the client, as client export FILE",
    zh: "导出你的数据：请用客户端的 client export FILE",
};
pub const DELETE_ACCOUNT: Both = Both {
    en: "your account is no more; what you said stays, or is erased",
    zh: "删除你的账号；发过的消息保留（keep），或一并清除（erase）",
};
pub const QUIT: Both = Both { en: "leave", zh: "退出" };
pub const WHO_BARE: Both = Both { en: "as /who", zh: "同 /who" };
pub const RENAME_BARE: Both = Both { en: "another name for you", zh: "改名" };
pub const EXIT_BARE: Both = Both { en: "as /quit", zh: "同 /quit" };
pub const EDIT: Both = Both {
    en: "another text for what you said last here, or for message #ID",
    zh: "修改你在这里最后说的话，或编号为 #ID 的消息",
};
pub const DELETE: Both = Both {
    en: "take back what you said last here, or message #ID",
    zh: "收回你在这里最后说的话，或编号为 #ID 的消息",
};
pub const REPLY: Both = Both { en: "answer message #ID", zh: "回复编号为 #ID 的消息" };
pub const REACT: Both =
    Both { en: "react to message #ID", zh: "用表情回应编号为 #ID 的消息" };
pub const UNREACT: Both = Both { en: "take this reaction back", zh: "收回这个回应" };
