# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(90, 6)
tasks = [(x[:, 0] > 0).long(), (x[:, 1] > 0.2).long(), (x.sum(1) > 0).long()]
model = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 2))


def train(optimizer, y, epochs=6):
    for epoch in range(epochs):
        for k in range(0, 90, 30):
            loss = F.cross_entropy(model(x[k : k + 30]), y[k : k + 30])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return loss.item()


# %% [2]
print(train(torch.optim.Adam(model.parameters(), lr=0.01), tasks[0]))
# %% [3]
print("fine-tuned", train(torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9), tasks[0]))
# %% [4]
for y in tasks:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    print(train(optimizer, y))
