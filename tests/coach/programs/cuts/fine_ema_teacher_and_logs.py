"""Numbers are read for logs and a teacher is updated through .data: no loss depends on either."""

import copy

import gradbook as torch
import gradbook.nn as nn

student = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
teacher = copy.deepcopy(student)
opt = torch.optim.Adam(student.parameters(), lr=1e-3)
log = []
for _ in range(8):
    x = torch.randn(10, 4)
    with torch.no_grad():
        soft = torch.softmax(teacher(x), 1)
    loss = nn.functional.kl_div(torch.log_softmax(student(x), 1), soft, reduction="batchmean")
    weight = torch.tensor(1.0 / (1.0 + loss.item()))
    (weight * loss).backward()
    opt.step()
    opt.zero_grad()
    log.append(loss.item())
    for p, q in zip(teacher.parameters(), student.parameters()):
        p.data = 0.9 * p.data + 0.1 * q.data
