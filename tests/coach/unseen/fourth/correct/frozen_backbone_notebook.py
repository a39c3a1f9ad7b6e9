# %%
import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


def gratings(n, angles):
    k = torch.randint(0, len(angles), (n,))
    a = torch.tensor(angles)[k].view(-1, 1, 1)
    g = torch.linspace(-3, 3, 12)
    img = torch.sin(3 * (torch.cos(a) * g.view(1, 1, -1) + torch.sin(a) * g.view(1, -1, 1)) + 6.28 * torch.rand(n, 1, 1))
    img = (img + 0.5 * torch.randn(n, 12, 12)).unsqueeze(1)
    return DataLoader(TensorDataset((img - img.mean()) / img.std(), k), batch_size=24, shuffle=True)


def epoch_loss(net, params, loader, opt):
    total = 0.0
    for x, k in loader:
        loss = F.cross_entropy(net(x), k)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 5.0)
        opt.step()
        total += loss.item() / len(loader)
    return total


# %% pretraining
torch.manual_seed(5)
pretrain = gratings(240, [0.0, 0.8, 1.6, 2.4])
backbone = nn.Sequential(nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
source = nn.Sequential(backbone, nn.Linear(96, 4))
opt = torch.optim.Adam(source.parameters(), lr=4e-3)
source.train()
for epoch in range(5):
    print("pretrain", round(epoch_loss(source, list(source.parameters()), pretrain, opt), 3))

# %% [finetune]
torch.manual_seed(6)
tune_data = gratings(144, [0.4, 2.0])
target = nn.Sequential(copy.deepcopy(backbone), nn.Linear(96, 2))
target[0].requires_grad_(False)
head_opt = torch.optim.Adam(target[1].parameters(), lr=5e-3)
target.train()
for epoch in range(4):
    print("head", round(epoch_loss(target, list(target[1].parameters()), tune_data, head_opt), 3))
target[0].requires_grad_(True)
full_opt = torch.optim.Adam([{"params": target[0].parameters(), "lr": 1e-5}, {"params": target[1].parameters(), "lr": 1e-3}])
for epoch in range(2):
    print("full", round(epoch_loss(target, list(target.parameters()), tune_data, full_opt), 3))

# %% [finetune] rerun
