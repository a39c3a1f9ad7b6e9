"""Stochastic weight averaging with AveragedModel, SWALR and a final update of BatchNorm statistics."""
import gradbook as torch
from gradbook import nn
from gradbook.optim.swa_utils import SWALR, AveragedModel, update_bn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(240, 5)
y = (x.pow(2).sum(1) > 4.5).long()
train = DataLoader(TensorDataset(x[:200], y[:200]), batch_size=40, shuffle=True)

model = nn.Sequential(nn.Linear(5, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
swa_model = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
swa_scheduler = SWALR(optimizer, swa_lr=0.05, anneal_epochs=2)
criterion = nn.CrossEntropyLoss()
SWA_START = 7

for epoch in range(12):
    total = 0.0
    for xb, yb in train:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item()
    if epoch >= SWA_START:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    if epoch % 3 == 0 or epoch == 11:
        print(epoch, round(total / len(train), 4), optimizer.param_groups[0]["lr"])

update_bn(train, swa_model)
swa_model.eval()
with torch.no_grad():
    acc = (swa_model(x[200:]).argmax(1) == y[200:]).float().mean()
print("swa accuracy", acc.item())
