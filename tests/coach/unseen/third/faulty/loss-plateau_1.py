# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)

# %%
# inner disc against outer ring
n = 800
inside = torch.arange(n) % 2
rad = torch.where(inside == 1, 0.7 * torch.rand(n).sqrt(), 1.2 + 0.4 * torch.rand(n))
phi = 2 * torch.pi * torch.rand(n)
xy = torch.stack((rad * phi.cos(), rad * phi.sin()), dim=1)
xy = (xy - xy.mean(0)) / xy.std(0)
order = torch.randperm(n)
xy, inside = xy[order], inside[order]

loader = DataLoader(TensorDataset(xy[:640], inside[:640]), batch_size=64, shuffle=True)

# %%
clf = nn.Linear(2, 2)  # coach: loss-plateau; fix: nn.ReLU()
loss_fn = nn.CrossEntropyLoss()
sgd = torch.optim.SGD(clf.parameters(), lr=0.1, momentum=0.9)

# %%
curve = []
for epoch in range(25):
    epoch_loss = 0.0
    for x, t in loader:
        sgd.zero_grad()
        loss = loss_fn(clf(x), t)
        loss.backward()
        sgd.step()
        epoch_loss += loss.item()  # coach-also: cannot-overfit-batch
    curve.append(epoch_loss / len(loader))
    if epoch % 5 == 0:
        print(epoch, round(curve[-1], 4))

# %%
clf.eval()
with torch.no_grad():
    guess = clf(xy[640:]).argmax(1)
print("test accuracy", (guess == inside[640:]).float().mean().item())
