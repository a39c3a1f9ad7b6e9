import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(44)
teacher = torch.randn(14, 3)
X = torch.randn(640, 14)
Y = (X @ teacher + 0.5 * torch.randn(640, 3)).argmax(1)

loader = DataLoader(TensorDataset(X, Y), batch_size=64, shuffle=True)
student = nn.Sequential(nn.Linear(14, 24), nn.Tanh(), nn.Linear(24, 3))
opt = torch.optim.Adam(student.parameters(), lr=3e-3)

stream = iter(loader)
xb, yb = next(stream)  # coach: repeated-batch; fix: in loader
for step in range(60):  # coach-line: repeated-batch
    opt.zero_grad()
    loss = F.cross_entropy(student(xb), yb)
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, round(loss.item(), 4))
