# %% [1]
import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
data, labels = torch.rand(64, 5), torch.randint(0, 2, (64,))


# %% [2]
def loss_of(net):
    return nn.functional.cross_entropy(net(data), labels)


# %% [3]
net = nn.Linear(5, 2)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)


# %% [2] rerun
def smoothed_loss(net):
    return nn.functional.cross_entropy(net(data), labels, label_smoothing=0.1)


# %% [5]
for step in range(6):
    optimizer.zero_grad()
    loss = loss_of(net)  # coach: stale-object; fix: loss = smoothed_loss(net)
    loss.backward()
    optimizer.step()
