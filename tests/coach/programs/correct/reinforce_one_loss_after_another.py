import random

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
import gradbook.optim as optim
from gradbook.distributions import Categorical


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.memory = []
        self.fc1 = nn.Linear(3, 24)
        self.fc2 = nn.Linear(24, 2)
        self.optimizer = optim.Adam(self.parameters(), lr=2e-3)

    def forward(self, x):
        return F.softmax(self.fc2(F.relu(self.fc1(x))), dim=0)

    def remember(self, item):
        self.memory.append(item)

    def learn(self):
        gain = 0
        self.optimizer.zero_grad()
        for reward, probability in self.memory[::-1]:
            gain = reward + 0.98 * gain
            loss = -torch.log(probability) * gain
            loss.backward()
        self.optimizer.step()
        self.memory = []


policy = Policy()
for episode in range(6):
    state = [random.uniform(-1, 1) for _ in range(3)]
    for t in range(10):
        probabilities = policy(torch.tensor(state))
        action = Categorical(probabilities).sample()
        state = [s + random.uniform(-0.1, 0.1) for s in state]
        policy.remember((1.0 if action.item() == (state[0] > 0) else 0.0, probabilities[action]))
    policy.learn()
