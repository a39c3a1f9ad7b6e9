import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(68)
# cosine schedule created, but nobody steps it
epochs = 6
X = torch.randn(240, 6)
y = (X.abs().sum(1) > 4.7).long()
train = DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True)
clf = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 2))
opt = torch.optim.AdamW(clf.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)  # coach: scheduler-order; fix: sched.step()
for epoch in range(epochs):
    tot = 0.0
    for a, b in train:
        opt.zero_grad()
        loss = F.cross_entropy(clf(a), b)
        loss.backward()
        opt.step()
        tot += loss.item()
    print(f"epoch {epoch} lr {opt.param_groups[0]['lr']:.2e} loss {tot / len(train):.4f}")
