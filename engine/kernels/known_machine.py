"""The machine code of known.py, which looks up a call in a table and runs it: LLVM IR, written out.

A table's entry is a row of words: the next entry of the same place, how many arguments without and with names, the
arguments, the names, how many results, the results, the plan (see now.BOUND), which array of a call each of the plan's
is, how many parts the answer has (-1: it is the one result), which result each part is (-1: None).
An argument: its kind; a value, or an array's dtype, axes, lengths, strides. A result: its dtype, axes, lengths.
"""

from __future__ import annotations

from gradbook.kernels.program import DATA

__all__ = ["ARGUMENTS", "ARRAY", "AXES", "MACHINE", "NUMBER", "RESULTS", "ROW", "SPEC", "VALUE"]

AXES, ARGUMENTS, RESULTS = 6, 16, 8  # at most
SPEC, RESULT = 3 + 2 * AXES, 2 + AXES  # words that describe an argument, a result
VALUE, ARRAY, NUMBER, ROW = 0, 1, 2, 3  # kinds of arguments
HEAD = DATA  # bytes of the head of CPython's objects
MACHINE = f"""
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(ptr, i64, ptr)
declare i32 @PyObject_RichCompareBool(ptr, ptr, i32)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)

define internal ptr @word(ptr %base, i64 %i) alwaysinline {{
  %p = getelementptr i64, ptr %base, i64 %i
  %v = load ptr, ptr %p
  ret ptr %v
}}
define internal i64 @number(ptr %base, i64 %i) alwaysinline {{
  %p = getelementptr i64, ptr %base, i64 %i
  %v = load i64, ptr %p
  ret i64 %v
}}
define internal ptr @field(ptr %object, i64 %bytes) alwaysinline {{
  %p = getelementptr i8, ptr %object, i64 %bytes
  %v = load ptr, ptr %p
  ret ptr %v
}}
define internal i64 @axes(ptr %array) alwaysinline {{
  %p = getelementptr i8, ptr %array, i64 {HEAD + 8}
  %n = load i32, ptr %p
  %v = zext i32 %n to i64
  ret i64 %v
}}

define internal i1 @same_array(ptr %array, ptr %spec) {{
entry:
  %descr = call ptr @field(ptr %array, i64 {HEAD + 40})
  %descr.wanted = call ptr @word(ptr %spec, i64 1)
  %same.descr = icmp eq ptr %descr, %descr.wanted
  %n = call i64 @axes(ptr %array)
  %n.wanted = call i64 @number(ptr %spec, i64 2)
  %same.n = icmp eq i64 %n, %n.wanted
  %flags.at = getelementptr i8, ptr %array, i64 {HEAD + 48}
  %flags = load i32, ptr %flags.at
  %aligned.bit = and i32 %flags, 256
  %aligned = icmp ne i32 %aligned.bit, 0
  %both = and i1 %same.descr, %same.n
  %all = and i1 %both, %aligned
  br i1 %all, label %look, label %other
look:
  %dims = call ptr @field(ptr %array, i64 {HEAD + 16})
  %steps = call ptr @field(ptr %array, i64 {HEAD + 24})
  br label %next
next:
  %i = phi i64 [0, %look], [%i.next, %equal]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %axis, label %same
axis:
  %at.dim = add i64 %i, 3
  %at.step = add i64 %i, {3 + AXES}
  %dim = call i64 @number(ptr %dims, i64 %i)
  %dim.wanted = call i64 @number(ptr %spec, i64 %at.dim)
  %step = call i64 @number(ptr %steps, i64 %i)
  %step.wanted = call i64 @number(ptr %spec, i64 %at.step)
  %same.dim = icmp eq i64 %dim, %dim.wanted
  %same.step = icmp eq i64 %step, %step.wanted
  %alike = and i1 %same.dim, %same.step
  br i1 %alike, label %equal, label %other
equal:
  %i.next = add i64 %i, 1
  br label %next
same:
  ret i1 1
other:
  ret i1 0
}}

define internal i1 @same_object(ptr %value, ptr %wanted) {{
  %is = icmp eq ptr %value, %wanted
  br i1 %is, label %same, label %types
types:
  %type = call ptr @field(ptr %value, i64 {HEAD - 8})
  %type.wanted = call ptr @field(ptr %wanted, i64 {HEAD - 8})
  %one.type = icmp eq ptr %type, %type.wanted
  br i1 %one.type, label %compare, label %other
compare:
  %result = call i32 @PyObject_RichCompareBool(ptr %value, ptr %wanted, i32 2)
  %equal = icmp eq i32 %result, 1
  ret i1 %equal
same:
  ret i1 1
other:
  ret i1 0
}}

define internal i1 @same_value(ptr %value, ptr %spec) {{
entry:
  %kind = call i64 @number(ptr %spec, i64 0)
  %wanted = call ptr @word(ptr %spec, i64 1)
  %plain = icmp eq i64 %kind, {VALUE}
  br i1 %plain, label %object, label %types
object:
  %same.object = call i1 @same_object(ptr %value, ptr %wanted)
  ret i1 %same.object
types:
  %type = call ptr @field(ptr %value, i64 {HEAD - 8})
  %type.wanted = call ptr @field(ptr %wanted, i64 {HEAD - 8})
  %one.type = icmp eq ptr %type, %type.wanted
  br i1 %one.type, label %first, label %other
first:
  %a = call i64 @number(ptr %value, i64 {HEAD // 8})
  %b = call i64 @number(ptr %wanted, i64 {HEAD // 8})
  %same.first = icmp eq i64 %a, %b
  %row = icmp eq i64 %kind, {ROW}
  %parts = and i1 %same.first, %row
  br i1 %parts, label %next, label %end
end:
  ret i1 %same.first
next:
  %i = phi i64 [0, %first], [%i.next, %one]
  %same = phi i1 [1, %first], [%same.part, %one]
  %left = icmp ult i64 %i, %a
  %more = and i1 %left, %same
  br i1 %more, label %one, label %done
one:
  %at = add i64 %i, {HEAD // 8 + 1}
  %part = call ptr @word(ptr %value, i64 %at)
  %part.wanted = call ptr @word(ptr %wanted, i64 %at)
  %same.part = call i1 @same_object(ptr %part, ptr %part.wanted)
  %i.next = add i64 %i, 1
  br label %next
done:
  ret i1 %same
other:
  ret i1 0
}}

define internal i64 @slot(ptr %args, i64 %n, ptr %kind) {{
entry:
  br label %next
next:
  %i = phi i64 [0, %entry], [%i.next, %after]
  %h = phi i64 [%n, %entry], [%h.next, %after]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %look, label %end
look:
  %value = call ptr @word(ptr %args, i64 %i)
  %type = call ptr @field(ptr %value, i64 {HEAD - 8})
  %array = icmp eq ptr %type, %kind
  br i1 %array, label %shape, label %after
shape:
  %axes = call i64 @axes(ptr %value)
  %some = icmp ne i64 %axes, 0
  br i1 %some, label %ends, label %after
ends:
  %dims = call ptr @field(ptr %value, i64 {HEAD + 16})
  %last = sub i64 %axes, 1
  %first.dim = call i64 @number(ptr %dims, i64 0)
  %last.dim = call i64 @number(ptr %dims, i64 %last)
  %m0 = mul i64 %first.dim, 31
  %m1 = add i64 %m0, %last.dim
  %m2 = mul i64 %h, 1000003
  %m3 = add i64 %m1, %m2
  br label %after
after:
  %h.next = phi i64 [%h, %look], [%h, %shape], [%m3, %ends]
  %i.next = add i64 %i, 1
  br label %next
end:
  %spread = mul i64 %h, -7046029254386353131
  %slot = lshr i64 %spread, 58
  ret i64 %slot
}}

define internal i1 @same_call(ptr %entry.at, ptr %args, i64 %given, ptr %names, i64 %named, ptr %kind) {{
entry:
  %given.wanted = call i64 @number(ptr %entry.at, i64 1)
  %named.wanted = call i64 @number(ptr %entry.at, i64 2)
  %a = icmp eq i64 %given, %given.wanted
  %b = icmp eq i64 %named, %named.wanted
  %both = and i1 %a, %b
  br i1 %both, label %look, label %other
look:
  %specs = call ptr @word(ptr %entry.at, i64 3)
  %keys = call ptr @word(ptr %entry.at, i64 4)
  %n = add i64 %given, %named
  br label %name
name:
  %k = phi i64 [0, %look], [%k.next, %known.name]
  %more.names = icmp ult i64 %k, %named
  br i1 %more.names, label %one.name, label %next
one.name:
  %name.at = add i64 %k, {(HEAD + 8) // 8}
  %key = call ptr @word(ptr %names, i64 %name.at)
  %key.wanted = call ptr @word(ptr %keys, i64 %k)
  %same.key = icmp eq ptr %key, %key.wanted
  br i1 %same.key, label %known.name, label %other
known.name:
  %k.next = add i64 %k, 1
  br label %name
next:
  %i = phi i64 [0, %name], [%i.next, %equal]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %one, label %same
one:
  %value = call ptr @word(ptr %args, i64 %i)
  %at = mul i64 %i, {8 * SPEC}
  %spec = getelementptr i8, ptr %specs, i64 %at
  %type = call ptr @field(ptr %value, i64 {HEAD - 8})
  %is.array = icmp eq ptr %type, %kind
  %wanted = call i64 @number(ptr %spec, i64 0)
  %array.wanted = icmp eq i64 %wanted, {ARRAY}
  %alike = icmp eq i1 %is.array, %array.wanted
  br i1 %alike, label %which, label %other
which:
  br i1 %is.array, label %array, label %object
array:
  %same.array = call i1 @same_array(ptr %value, ptr %spec)
  br i1 %same.array, label %equal, label %other
object:
  %same.value = call i1 @same_value(ptr %value, ptr %spec)
  br i1 %same.value, label %equal, label %other
equal:
  %i.next = add i64 %i, 1
  br label %next
same:
  ret i1 1
other:
  ret i1 0
}}

define internal ptr @answer(ptr %entry.at, ptr %made, ptr %none) {{
entry:
  %count = call i64 @number(ptr %entry.at, i64 9)
  %which = call ptr @word(ptr %entry.at, i64 10)
  %alone = icmp slt i64 %count, 0
  br i1 %alone, label %single, label %several
single:
  %only = load ptr, ptr %made
  ret ptr %only
several:
  %tuple = call ptr @PyTuple_New(i64 %count)
  %failed = icmp eq ptr %tuple, null
  br i1 %failed, label %end, label %next
next:
  %i = phi i64 [0, %several], [%i.next, %put]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %one, label %end
one:
  %k = call i64 @number(ptr %which, i64 %i)
  %nothing = icmp slt i64 %k, 0
  br i1 %nothing, label %none.at, label %array
none.at:
  call void @Py_IncRef(ptr %none)
  br label %put
array:
  %found = call ptr @word(ptr %made, i64 %k)
  br label %put
put:
  %item = phi ptr [%none, %none.at], [%found, %array]
  %ignored = call i32 @PyTuple_SetItem(ptr %tuple, i64 %i, ptr %item)
  %i.next = add i64 %i, 1
  br label %next
end:
  ret ptr %tuple
}}

define internal ptr @go(ptr %job, ptr %entry.at, ptr %args, i64 %n) {{
entry:
  %at = alloca [{ARGUMENTS + RESULTS} x i64]
  %made = alloca [{RESULTS} x ptr]
  %kind = call ptr @word(ptr %job, i64 1)
  %new = call ptr @word(ptr %job, i64 3)
  %none = call ptr @word(ptr %job, i64 4)
  %results = call i64 @number(ptr %entry.at, i64 5)
  %result.specs = call ptr @word(ptr %entry.at, i64 6)
  %plan = call ptr @word(ptr %entry.at, i64 7)
  br label %next
next:
  %i = phi i64 [0, %entry], [%i.next, %read]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %one, label %make
one:
  %value = call ptr @word(ptr %args, i64 %i)
  %type = call ptr @field(ptr %value, i64 {HEAD - 8})
  %is.array = icmp eq ptr %type, %kind
  br i1 %is.array, label %store, label %read
store:
  %data = call ptr @field(ptr %value, i64 {HEAD})
  %place = getelementptr ptr, ptr %at, i64 %i
  store ptr %data, ptr %place
  br label %read
read:
  %i.next = add i64 %i, 1
  br label %next
make:
  %k = phi i64 [0, %next], [%k.next, %fine]
  %more.results = icmp ult i64 %k, %results
  br i1 %more.results, label %result, label %run.it
result:
  %k.bytes = mul i64 %k, {8 * RESULT}
  %spec = getelementptr i8, ptr %result.specs, i64 %k.bytes
  %descr = call ptr @word(ptr %spec, i64 0)
  %axes = call i64 @number(ptr %spec, i64 1)
  %axes.32 = trunc i64 %axes to i32
  %dims = getelementptr i64, ptr %spec, i64 2
  call void @Py_IncRef(ptr %descr)
  %array = call ptr %new(ptr %kind, ptr %descr, i32 %axes.32, ptr %dims, ptr null, ptr null, i32 0, ptr null)
  %made.at = getelementptr ptr, ptr %made, i64 %k
  store ptr %array, ptr %made.at
  %bad = icmp eq ptr %array, null
  br i1 %bad, label %undo, label %fine
fine:
  %new.data = call ptr @field(ptr %array, i64 {HEAD})
  %which = add i64 %n, %k
  %new.place = getelementptr ptr, ptr %at, i64 %which
  store ptr %new.data, ptr %new.place
  %k.next = add i64 %k, 1
  br label %make
undo:
  %u = phi i64 [%k, %result], [%u.next, %drop]
  %left = icmp ugt i64 %u, 0
  br i1 %left, label %drop, label %failed
drop:
  %u.next = sub i64 %u, 1
  %old = call ptr @word(ptr %made, i64 %u.next)
  call void @Py_DecRef(ptr %old)
  br label %undo
failed:
  ret ptr null
run.it:
  %list = call ptr @word(ptr %plan, i64 0)
  %count = call i64 @number(ptr %plan, i64 1)
  %uses = call i64 @number(ptr %plan, i64 2)
  %which.args = call ptr @word(ptr %entry.at, i64 8)
  br label %bind
bind:
  %b = phi i64 [0, %run.it], [%b.next, %bound]
  %more.uses = icmp ult i64 %b, %uses
  br i1 %more.uses, label %bound, label %go.on
bound:
  %b3 = mul i64 %b, 3
  %w0 = add i64 %b3, 3
  %w1 = add i64 %b3, 4
  %w2 = add i64 %b3, 5
  %array.number = call i64 @number(ptr %plan, i64 %w0)
  %offset = call i64 @number(ptr %plan, i64 %w1)
  %word.at = call ptr @word(ptr %plan, i64 %w2)
  %position = call i64 @number(ptr %which.args, i64 %array.number)
  %start = call i64 @number(ptr %at, i64 %position)
  %address = add i64 %start, %offset
  store i64 %address, ptr %word.at
  %b.next = add i64 %b, 1
  br label %bind
go.on:
  call void @run(ptr %list, i64 %count, i64 0, i64 1, ptr null, ptr null)
  %answer = call ptr @answer(ptr %entry.at, ptr %made, ptr %none)
  ret ptr %answer
}}

define ptr @kernel(ptr %self, ptr %args, i64 %given, ptr %names) {{
entry:
  %job = call ptr @field(ptr %self, i64 {HEAD})
  %fallback = call ptr @word(ptr %job, i64 0)
  %kind = call ptr @word(ptr %job, i64 1)
  %table = call ptr @word(ptr %job, i64 2)
  %unnamed = icmp eq ptr %names, null
  br i1 %unnamed, label %counted, label %count
count:
  %size.at = getelementptr i8, ptr %names, i64 {HEAD}
  %size = load i64, ptr %size.at
  br label %counted
counted:
  %named = phi i64 [0, %entry], [%size, %count]
  %n = add i64 %given, %named
  %few = icmp ule i64 %n, {ARGUMENTS}
  br i1 %few, label %look, label %other
look:
  %slot = call i64 @slot(ptr %args, i64 %n, ptr %kind)
  %first = call ptr @word(ptr %table, i64 %slot)
  br label %next
next:
  %found = phi ptr [%first, %look], [%following, %miss]
  %nothing = icmp eq ptr %found, null
  br i1 %nothing, label %other, label %compare
compare:
  %same = call i1 @same_call(ptr %found, ptr %args, i64 %given, ptr %names, i64 %named, ptr %kind)
  br i1 %same, label %hit, label %miss
miss:
  %following = call ptr @word(ptr %found, i64 0)
  br label %next
hit:
  %made = call ptr @go(ptr %job, ptr %found, ptr %args, i64 %n)
  ret ptr %made
other:
  %answer = call ptr @PyObject_Vectorcall(ptr %fallback, ptr %args, i64 %given, ptr %names)
  ret ptr %answer
}}
"""
