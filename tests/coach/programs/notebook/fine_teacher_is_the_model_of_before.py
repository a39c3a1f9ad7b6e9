# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(60, 8), torch.randint(0, 3, (60,))
hidden = 32
# %% [2]
model = nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
# %% [3]
for _ in range(8):
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
# %% [4]
teacher = model.eval()
hidden = 4
# %% [2] rerun
# %% [5]
for _ in range(8):
    with torch.no_grad():
        wanted = F.softmax(teacher(x) / 2, dim=1)
    loss = F.kl_div(F.log_softmax(model(x) / 2, dim=1), wanted, reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
