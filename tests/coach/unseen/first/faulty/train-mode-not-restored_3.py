import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(31)
def conv_bn(i, o):
    return nn.Sequential(nn.Conv1d(i, o, 5, padding=2, bias=False), nn.BatchNorm1d(o), nn.ReLU())
ecg_net = nn.Sequential(conv_bn(1, 8), nn.MaxPool1d(2), conv_bn(8, 16), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 2))
k = torch.randint(0, 2, (200,))
tt = torch.arange(32.0)
sig = torch.sin(tt * (0.3 + 0.5 * k[:, None])) + 0.3 * torch.randn(200, 32)
sig = (sig - sig.mean()) / sig.std()
sig = sig.unsqueeze(1)
tr = DataLoader(TensorDataset(sig[:160], k[:160]), batch_size=32, shuffle=True)
te = DataLoader(TensorDataset(sig[160:], k[160:]), batch_size=40)
opt = torch.optim.Adam(ecg_net.parameters(), lr=3e-3)
lossf = nn.CrossEntropyLoss()

def run_epoch(dl, train):
    if not train:
        ecg_net.eval()
    tot = 0.0
    with torch.set_grad_enabled(train):
        for s, lab in dl:
            out = ecg_net(s)  # coach: train-mode-not-restored; fix: ecg_net.train(
            l = lossf(out, lab)
            if train:
                opt.zero_grad()
                l.backward()
                opt.step()
            tot += l.item()
    return tot / len(dl)

for e in range(4):
    a = run_epoch(tr, True)
    b = run_epoch(te, False)
    print("epoch", e, a, b)
