import gradbook as torch
import gradbook.nn as nn

m = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
o = torch.optim.Adam([p for n, p in m.named_parameters() if n.endswith("bias")], 1e-2)
e = nn.Embedding(9, 4)
oe = torch.optim.Adam(e.parameters(), 1e-2)
t = torch.randint(0, 9, (20,))
X = torch.randn(20, 4)
Y = torch.randint(0, 2, (20,))
for i in range(5):
    o.zero_grad()
    nn.functional.cross_entropy(m(X), Y).backward()
    o.step()
lm = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)).eval()
for i in range(5):
    oe.zero_grad()
    nn.functional.cross_entropy(lm(e(t)), Y).backward()
    oe.step()
