# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.rand(40, 12)


def train(auto, steps=8):
    opt = torch.optim.Adam(auto.parameters(), lr=0.01)
    for _ in range(steps):
        loss = nn.functional.mse_loss(auto(x), x)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


# %% [2]
encoder = nn.Sequential(nn.Linear(12, 3), nn.Tanh())
decoder = nn.Linear(3, 12)
# %% [3]
narrow = nn.Sequential(encoder, decoder)
train(narrow)
# %% [2] rerun
encoder = nn.Sequential(nn.Linear(12, 6), nn.Tanh())
decoder = nn.Linear(6, 12)
# %% [4]
wide = nn.Sequential(encoder, decoder)
print(train(wide), train(narrow))
