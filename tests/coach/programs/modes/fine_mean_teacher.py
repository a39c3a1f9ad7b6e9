import copy

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

student = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
teacher = copy.deepcopy(student)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
labelled, y, unlabelled = torch.randn(12, 4), torch.randint(0, 3, (12,)), torch.randn(36, 4)
for step in range(12):
    logits = student(labelled)
    noisy = student(unlabelled + 0.05 * torch.randn(36, 4))
    with torch.no_grad():  # the teacher is noisy on purpose
        aim = F.softmax(teacher(unlabelled), dim=1)
    consistency = F.mse_loss(F.softmax(noisy, dim=1), aim)
    loss = F.cross_entropy(logits, y) + min(1.0, step / 6) * consistency
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for t, s in zip(teacher.parameters(), student.parameters()):
            t.mul_(0.95).add_(0.05 * s)
    print(step, loss.item(), consistency.item())
