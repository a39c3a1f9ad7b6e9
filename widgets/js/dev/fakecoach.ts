// What a coach might say of the run in fake.ts.
import type { Lesson } from "../src/lesson";
import type { Coach, Finding } from "../src/protocol";

const lesson: Lesson = {
  idea: "Backward() adds to .grad; without zero_grad() each step follows the sum of all gradients so far.", threshold: "two steps that used uncleared gradients: one may be meant as a warm start, two are a habit", line: 4, fix: "opt.zero_grad()",
  example: [[["w = torch.ones(", ""], ["1", "n"], [", requires_grad=", ""], ["True", "k"], [")", ""]], [["opt = torch.optim.SGD([w], lr=", ""], ["0.1", "n"], [")", ""]], [["for", "k"], [" step ", ""], ["in", "k"], [" range(", ""], ["3", "n"], ["):", ""]], [["    (w * ", ""], ["2", "n"], [").sum().backward()", ""]], [["    opt.step()  ", ""], ["# 2, 4, 6", "c"]]],
};
export const coachOf = (...findings: Finding[]): Coach => ({ rules: 56, muted: [], findings, lessons: Object.fromEntries(findings.map(({ rule }) => [rule, lesson])) });

const finding = (more: Partial<Finding>): Finding => ({ rule: "r", severity: "warning", text: "", evidence: [], cell: "[7]", line: null, source: "", step: null, nodes: [], fixes: [], ...more });

export const clearing = finding({
  rule: "missing-zero-grad", severity: "error", text: "Gradients are never cleared: opt.step() uses the sum of the gradients of all steps so far.",
  evidence: [["steps that used old gradients", "2 of 3"], ["zero_grad() calls", "0"]], line: 13, source: "loss.backward()", step: 3, nodes: [],
  fixes: [
    { code: "opt.zero_grad()", why: "before backward(), in each step", hunks: [{ cell: "[7]", line: 12, rows: [[" ", "    loss = F.cross_entropy(model(x), y)"], ["+", "    opt.zero_grad()"], [" ", "    loss.backward()"]] }] },
    { code: "model.zero_grad()", why: "the same for a model with several optimizers", hunks: [] },
  ],
});

export const rate = finding({
  rule: "update-ratio-high", text: "head.fc1.weight moves 2.1 % a step, about 20× the usual: the learning rate is too high for it.",
  evidence: [["update / weight", "0.021, median of the last 200 steps"], ["usual", "0.001"], ["spike", "step 1,412"]], line: 8, source: "opt = torch.optim.SGD(model.parameters(), lr=3e-3)", step: 1412, nodes: [],
  fixes: [{ code: "opt = torch.optim.SGD(model.parameters(), lr=3e-4)", why: "a tenth of it", hunks: [{ cell: "[7]", line: 7, rows: [[" ", "model = Net()"], ["-", "opt = torch.optim.SGD(model.parameters(), lr=3e-3)"], ["+", "opt = torch.optim.SGD(model.parameters(), lr=3e-4)"], [" ", ""]] }] }],
});

export const scores = finding({
  rule: "input-not-normalised", severity: "hint", text: "The images run from 0 to 255: a network learns faster from inputs round 0, about 1 wide.", evidence: [["mean", "33.3"], ["deviation", "78.6"]], cell: "[3]", line: 4, source: "x = images.float()",
  fixes: [{ code: "x = images.float() / 255", why: "bring them to 0 … 1", hunks: [{ cell: "[3]", line: 4, rows: [["-", "x = images.float()"], ["+", "x = images.float() / 255"]] }] }],
});

const long = "a_model_with_a_very_long_name.and_blocks.17.self_attention.out_projection.weight";
export const hostile = finding({
  rule: "<b>rule</b>", severity: "warning", text: `<img src=x onerror=alert(1)> ${long} never changes although the optimizer knows it, and ${long} neither does, so that nothing is learnt there at all`,
  evidence: [["<i>" + long, long.repeat(3)]], line: 120, source: `<script>alert(2)</script> = ${long}(${long}, ${long})`, step: 99_999,
  fixes: [{ code: `optimizer = torch.optim.AdamW(${long}.parameters(), lr=3e-4, weight_decay=0.01, betas=(0.9, 0.999))`, why: `give it ${long}`, hunks: [{ cell: "[7]", line: 119, rows: [["-", `        optimizer = torch.optim.AdamW(${long}.parameters(), lr=3e-4, weight_decay=0.01)`], ["+", `        optimizer = torch.optim.AdamW([*${long}.parameters(), *head.parameters()], lr=3e-4, weight_decay=0.01)`]] }] }],
});
