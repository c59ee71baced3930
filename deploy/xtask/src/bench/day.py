# Makes messages of about 4 KB, one of every business code after another, and the rows of a registration database; prints the day.
import glob, random, re, sqlite3, sys, time
plan, messages, database, view, count = sys.argv[1:]
noise = random.Random(9)
day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 - 86400))
made = [open(path, encoding="utf-8").read() for path in sorted(glob.glob(plan + "/*/BizMsg/*.xml"))]
said = lambda text, name: re.search(f"<{name}>([^<]*)<", text).group(1)
registry = sqlite3.connect(database)
registry.executescript("CREATE TABLE qlf_register (ywh TEXT, bdcdyh TEXT, djlx TEXT, qllx TEXT, bdcqzh TEXT, qxdm TEXT, djsj TEXT, qszt TEXT, jrzt INTEGER);" + open(view).read())
for n in range(int(count)):
    text = made[n % len(made)]
    number, unit, case = f"150721240315{n:06}", f"150721001002GB00017F{n:08}", f"20240315-{n:06}"
    for old, new in ((said(text, "BizMsgID"), number), (said(text, "EstateNum"), unit), (said(text, "RecFlowID"), case)):
        text = text.replace(old, new)
    text = re.sub("<CreateDate>[^<]*<", f"<CreateDate>{day}T09:30:00<", text)
    short = 4096 - len(text.encode()) - 10
    if short > 0:
        text += f"<!-- {noise.getrandbits(4 * short):0{short}x} -->\n"
    open(f"{messages}/Biz{number}.xml", "w", encoding="utf-8").write(text)
    registry.execute("INSERT INTO qlf_register VALUES (?, ?, ?, ?, ?, '150721', ?, '1', 0)",
        (case, unit, said(text, "RegType"), said(text, "RightType"), f"蒙(2024)阿荣旗不动产权第{n:07}号", day + " 09:30:00"))
registry.commit()
print(day)
