import gradbook as torch
from gradbook import nn


def seed_everything(seed):
    torch.manual_seed(seed)


def draw(images, labels, size, seed=123):
    seed_everything(seed)  # coach: repeated-batch; fix: seed_everything(seed)
    chosen = torch.multinomial(torch.ones(len(images)), size)
    return images.index_select(0, chosen), labels.index_select(0, chosen)


def train(net, images, labels, steps):
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        x, y = draw(images, labels, 32)
        loss = nn.functional.cross_entropy(net(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    return loss.item()


seed_everything(0)
labels = torch.randint(0, 4, (600,))
images = torch.randn(4, 5, 5)[labels] + 0.8 * torch.randn(600, 5, 5)
print(train(nn.Sequential(nn.Flatten(), nn.Linear(25, 32), nn.ReLU(), nn.Linear(32, 4)), images, labels, 25))
