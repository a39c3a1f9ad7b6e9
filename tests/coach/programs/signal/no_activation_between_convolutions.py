import gradbook as torch
from gradbook import nn


class SmallCNN(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(16 * 4 * 4, classes)
        self.act = nn.ReLU()

    def forward(self, images):
        h = self.conv1(images)  # coach: missing-nonlinearity; fix: relu(self.conv1(images))
        h = self.act(self.conv2(h))
        h = self.pool(h).flatten(1)
        return self.fc(h)


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.optim = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.loss_fn = nn.CrossEntropyLoss()

    def run(self, batches):
        self.model.train()
        for images, labels in batches:
            self.optim.zero_grad()
            loss = self.loss_fn(self.model(images), labels)
            loss.backward()
            self.optim.step()


Trainer(SmallCNN(), 0.01).run([(torch.rand(12, 1, 8, 8), torch.randint(0, 4, (12,))) for _ in range(4)])
