import itertools

import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
X = torch.randn(220, 2)
y = ((X ** 2).sum(1) > 1.386).long()
Xtr, ytr, Xva, yva = X[:160], y[:160], X[160:], y[160:]

ACT = {"relu": nn.ReLU, "tanh": nn.Tanh}


def trial(lr, width, act):
    torch.manual_seed(123)
    m = nn.Sequential(nn.Linear(2, width), ACT[act](), nn.Linear(width, 2))
    opt = torch.optim.Adam(m.parameters(), lr=lr)
    crit = nn.CrossEntropyLoss()
    for _ in range(15):
        for idx in torch.randperm(160).split(40):
            opt.zero_grad()
            loss = crit(m(Xtr[idx]), ytr[idx])
            loss.backward()
            opt.step()
    with torch.no_grad():
        return (m(Xva).argmax(1) == yva).float().mean().item()


results = {}
for lr, width, act in itertools.product([3e-3, 3e-2], [8, 32], ["relu", "tanh"]):
    results[(lr, width, act)] = trial(lr, width, act)
    print(f"lr={lr:<6} width={width:<3} act={act:<4} acc={results[(lr, width, act)]:.3f}")
print("best:", max(results, key=results.get))
