"""Names of a tutorial are used again for other things; the models that were built of the first ones live on."""

# %%
import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
inputs, target = torch.randn(80, 6), torch.randn(80, 1)
layer = nn.Linear(6, 12)
net = nn.Sequential(layer, nn.Tanh(), nn.Linear(12, 1))
print(layer(inputs[:2]).shape)
# %%
layer = nn.Linear(6, 12, bias=False)
with torch.no_grad():
    print("without a bias", layer(inputs[:2]).mean().item())
# %%
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(15):
    opt.zero_grad()
    nn.functional.mse_loss(net(inputs), target).backward()
    opt.step()
# %%
# a part that is trained by itself, on what the rest of the model gives it
encoder = nn.Sequential(nn.Linear(6, 8), nn.ReLU())
head = nn.Linear(8, 1)
model = nn.Sequential(encoder, head)
# %%
def train(parameters, forward, steps=12):
    adam = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(steps):
        adam.zero_grad()
        nn.functional.mse_loss(forward(inputs), target).backward()
        adam.step()


train(model.parameters(), model)
# %%
head = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
# %%
train(model.parameters(), model)
# %%
probe = torch.optim.SGD(head.parameters(), lr=0.05)
with torch.no_grad():
    features = encoder(inputs)
    print("untrained", nn.functional.mse_loss(head(features), target).item())
for step in range(12):
    probe.zero_grad()
    nn.functional.mse_loss(head(features), target).backward()
    probe.step()
with torch.no_grad():
    print("probed", nn.functional.mse_loss(head(encoder(inputs)), target).item())
