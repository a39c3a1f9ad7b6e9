import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(5)
# frozen feature extractor + trainable head; the context manager covers too much
extractor = nn.Sequential(nn.Linear(12, 32), nn.Tanh()).eval()
for p in extractor.parameters():
    p.requires_grad_(False)
head = nn.Linear(32, 3)
opt = torch.optim.Adam(head.parameters(), lr=1e-2)
X = torch.randn(120, 12)
y = X[:, :3].argmax(1)
def step(xb, yb):
    with torch.no_grad():  # coach: training-under-no-grad
        z = extractor(xb)
        loss = F.cross_entropy(head(z), yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()
for xb, yb in DataLoader(TensorDataset(X, y), batch_size=30, shuffle=True):
    print(step(xb, yb))
# coach-also: nothing-requires-grad
