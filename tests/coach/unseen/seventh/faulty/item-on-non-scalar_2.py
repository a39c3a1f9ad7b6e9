import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(30)


def hard_example_step(model, opt, xb, yb, keep=0.5):
    """Backpropagate only through the hardest half of the batch."""
    per_sample = F.cross_entropy(model(xb), yb, reduction="none")
    k = int(keep * len(per_sample))
    hardest, _ = per_sample.topk(k)
    opt.zero_grad()
    hardest.mean().backward()
    opt.step()
    return {"hard": hardest.mean().item(), "all": per_sample.item()}  # coach: item-on-non-scalar; fix: .mean().item()


def mean_of(logs):
    return {k: round(sum(d[k] for d in logs) / len(logs), 4) for k in logs[0]}


x = torch.randn(600, 16)
y = (x @ torch.randn(16, 4)).argmax(1)
loader = DataLoader(TensorDataset(x, y), batch_size=60, shuffle=True)
model = nn.Sequential(nn.Linear(16, 40), nn.ReLU(), nn.Linear(40, 4))
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(4):
    logs = [hard_example_step(model, opt, xb, yb) for xb, yb in loader]
    print(epoch, mean_of(logs))
