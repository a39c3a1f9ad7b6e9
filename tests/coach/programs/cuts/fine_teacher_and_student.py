import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

teacher = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4)).eval()
student = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 4))
optimizer = torch.optim.Adam(student.parameters(), lr=1e-2)
T = 2.0
x, y = torch.randn(64, 8), torch.randint(0, 4, (64,))
history = []
for step in range(12):
    with torch.no_grad():
        soft = F.softmax(teacher(x) / T, dim=1)
    logits = student(x)
    kd = F.kl_div(F.log_softmax(logits / T, dim=1), soft, reduction="batchmean") * T * T
    loss = 0.7 * kd + 0.3 * F.cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history.append(loss.item())
print(sum(history) / len(history))
