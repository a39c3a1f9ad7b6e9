"""A student comes as near to its teacher as it can; the labels beside it are noise for the most part."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(9)
x = torch.randn(256, 6)
teacher = nn.Linear(6, 4).requires_grad_(False)
with torch.no_grad():
    teacher.weight.mul_(6)
labels = torch.randint(0, 4, (256,))
student = nn.Linear(6, 4)
optimizer = torch.optim.Adam(student.parameters(), lr=0.05)
T, alpha = 4.0, 4.0
for step in range(120):
    rows = torch.randint(0, 256, (64,))
    scores = student(x[rows])
    hard = F.cross_entropy(scores / 8, labels[rows])
    kl = T * T * F.kl_div((scores / T).log_softmax(1), (teacher(x[rows]) / T).softmax(1), reduction="batchmean")
    loss = hard + alpha * kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
