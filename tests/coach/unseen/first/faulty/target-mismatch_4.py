import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(61)
# labels start at 1 in the file; one column of scores per class
y = torch.randint(0, 3, (180,))
X = F.one_hot(y, 3).float() @ torch.randn(3, 8) + 0.4 * torch.randn(180, 8)
X = (X - X.mean(0)) / X.std(0)
onehot = F.one_hot(y, 3).float()
train = DataLoader(TensorDataset(X, onehot), batch_size=30, shuffle=True)
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
nll = nn.NLLLoss()
for ep in range(3):
    for xb, yb in train:
        logp = F.log_softmax(net(xb), dim=1)
        opt.zero_grad()
        loss = nll(logp, yb.long())  # coach: target-mismatch; fix: yb.argmax
        loss.backward()
        opt.step()
    print(ep, loss.item())
