import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

N_MODELS = 4
torch.manual_seed(55)
x = torch.rand(200, 3) * 2 - 1
logit = 4 * (x[:, 0] - x[:, 1] * x[:, 2])
y = (torch.rand(200) < torch.sigmoid(logit)).float()
x_new = torch.rand(50, 3) * 2 - 1

members = [nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0)) for _ in range(N_MODELS)]
optimizers = [torch.optim.Adam(m.parameters(), lr=1e-2) for m in members]

for m, opt in zip(members, optimizers):
    boot = torch.randint(0, 200, (200,))
    bx, by = x[boot], y[boot]
    for epoch in range(6):
        for idx in torch.randperm(200).split(50):
            opt.zero_grad()
            loss = F.binary_cross_entropy_with_logits(m(bx[idx]), by[idx])
            loss.backward()
            opt.step()
    print("member loss", round(loss.item(), 3))

with torch.no_grad():
    probs = torch.stack([torch.sigmoid(m(x_new)) for m in members])
print("mean prob", probs.mean(0)[:5].tolist())
print("disagreement", probs.std(0).mean().item())
