import gradbook as torch
import gradbook.nn as nn
from gradbook.optim.swa_utils import SWALR, AveragedModel, update_bn
from gradbook.utils.data import DataLoader, TensorDataset

X = torch.randn(48, 4)
Y = torch.randint(0, 2, (48,))
dl = DataLoader(TensorDataset(X, Y), batch_size=12, shuffle=True)
m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
sw = AveragedModel(m)
o = torch.optim.SGD(m.parameters(), 0.1)
sch = SWALR(o, swa_lr=0.05)
for e in range(4):
    for x, y in dl:
        o.zero_grad()
        nn.functional.cross_entropy(m(x), y).backward()
        o.step()
    if e > 1:
        sw.update_parameters(m)
        sch.step()
update_bn(dl, sw)
sw.eval()
with torch.no_grad():
    print((sw(X).argmax(1) == Y).float().mean().item())
