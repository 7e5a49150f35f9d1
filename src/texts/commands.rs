//! What the commands of the full screen do, for its help.

use super::{Both, Lang};

/// What a command does; nothing where nothing is said of it.
pub fn what(name: &str, lang: Lang) -> &'static str {
    WHAT.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text.of(lang))
}

const WHAT: &[(&str, Both)] = &[
    ("msg", Both { en: "says it to one alone", zh: "私聊" }),
    ("say", Both { en: "says it in another room", zh: "在另一个房间发言" }),
    ("create", Both { en: "makes a room", zh: "新建房间" }),
    ("join", Both { en: "comes into a room", zh: "加入房间" }),
    ("part", Both { en: "leaves the room for good", zh: "退出房间" }),
    ("rooms", Both { en: "which rooms there are", zh: "房间列表" }),
    ("members", Both { en: "who belongs to the room", zh: "房间成员" }),
    ("history", Both { en: "what was said last", zh: "最近的消息" }),
    ("topic", Both { en: "what the room is about; - takes it away", zh: "房间话题；- 清除" }),
    ("invite", Both { en: "lets somebody into the room", zh: "邀请加入房间" }),
    ("kick", Both { en: "puts somebody out of the room", zh: "移出房间" }),
    ("role", Both { en: "makes somebody something else here", zh: "修改成员身份" }),
    ("access", Both { en: "who may come into the room", zh: "谁可以加入房间" }),
    ("close", Both { en: "closes your room, for good", zh: "永久关闭房间" }),
    (
        "away",
        Both {
            en: "tells others that you are away; alone: back", zh: "设为离开；不带文字则恢复"
        },
    ),
    ("busy", Both { en: "tells others that you are busy", zh: "设为忙碌" }),
    ("back", Both { en: "ends away and busy", zh: "恢复在线" }),
    ("devices", Both { en: "the devices of your account", zh: "账号的设备" }),
    ("logout", Both { en: "logs a device of yours out", zh: "让设备退出登录" }),
    ("login", Both { en: "logs in", zh: "登录" }),
    ("register", Both { en: "makes another account", zh: "注册另一个账号" }),
    (
        "code",
        Both {
            en: "your invitation code, before /register", zh: "邀请码，在 /register 之前输入"
        },
    ),
    ("who", Both { en: "who is online", zh: "在线用户" }),
    ("rename", Both { en: "another name for you", zh: "修改名字" }),
    ("passwd", Both { en: "another password", zh: "修改密码" }),
    (
        "receipts",
        Both {
            en: "whether others see how far you have read", zh: "对方能否看到送达和已读"
        },
    ),
    ("export", Both { en: "writes what is yours into a file", zh: "导出你的数据到文件" }),
    ("delete-account", Both { en: "deletes your account, for good", zh: "永久删除账号" }),
    ("ban", Both { en: "keeps somebody out of the room", zh: "禁止某人进入房间" }),
    ("unban", Both { en: "ends a ban", zh: "解除禁入" }),
    ("mute", Both { en: "lets somebody say nothing in the room", zh: "禁言" }),
    ("unmute", Both { en: "ends a mute", zh: "解除禁言" }),
    (
        "slow",
        Both {
            en: "how many seconds between two messages of one person",
            zh: "慢速模式：每人发言间隔秒数",
        },
    ),
    ("bans", Both { en: "who is banned, muted or slowed", zh: "禁入、禁言和慢速列表" }),
    ("pending", Both { en: "who asks for an account", zh: "账号申请列表" }),
    ("approve", Both { en: "lets somebody have an account", zh: "批准申请" }),
    ("reject", Both { en: "does not let them have it", zh: "拒绝申请" }),
    ("audit", Both { en: "what was done to keep order", zh: "管理记录" }),
    (
        "reply",
        Both {
            en: "answers a message (Alt-K chooses one)", zh: "回复一条消息（Alt-K 选择）"
        },
    ),
    ("edit", Both { en: "gives a message of yours another text", zh: "修改自己的消息" }),
    ("delete", Both { en: "takes a message back", zh: "撤回消息" }),
    ("react", Both { en: "reacts to a message with an emoji", zh: "用表情回应消息" }),
    ("unreact", Both { en: "takes a reaction back", zh: "取消回应" }),
    ("search", Both { en: "what was said with all these words", zh: "搜索消息" }),
    ("ignore", Both { en: "shows nothing of somebody any more", zh: "屏蔽某人" }),
    ("unignore", Both { en: "ends that", zh: "取消屏蔽" }),
    ("ignored", Both { en: "whom you ignore", zh: "屏蔽列表" }),
    ("help", Both { en: "this list", zh: "本列表" }),
    ("quit", Both { en: "leaves the program", zh: "退出程序" }),
    ("exit", Both { en: "leaves the program", zh: "退出程序" }),
    ("query", Both { en: "to talk with one alone", zh: "与某人私聊" }),
    (
        "go",
        Both {
            en: "to a place in the list, by a part of its name",
            zh: "前往列表中的房间或联系人",
        },
    ),
    ("hide", Both { en: "takes a conversation out of the list", zh: "从列表中移除对话" }),
    ("clear", Both { en: "an empty place; older messages are fetched again", zh: "清空显示" }),
    (
        "connect",
        Both {
            en: "the first screen: another account or server",
            zh: "返回登录界面，可换账号或服务器",
        },
    ),
    ("resend", Both { en: "sends again what was refused here", zh: "重发被拒绝的消息" }),
    ("mentions", Both { en: "where your name was said", zh: "提到你的消息" }),
    ("keys", Both { en: "what the keys do", zh: "按键说明" }),
];
